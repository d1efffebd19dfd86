//! Writing loops.

use rusqlite::{Connection, params};
use smithers_model::RunId;
use smithers_model::loops::{LoopRow, LoopState};

/// Stores the newest state of a loop.
pub(super) fn put(conn: &Connection, run: &RunId, row: &LoopRow) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO _smithers_ralph (run_id, ralph_id, iteration, done, state, updated_at_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (run_id, ralph_id) DO UPDATE SET
                   iteration = excluded.iteration, done = excluded.done, state = excluded.state,
                   updated_at_ms = excluded.updated_at_ms";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.id.as_str(),
        row.iteration,
        row.state != LoopState::Going,
        row.state.as_str(),
        row.updated_at.0,
    ])?;
    Ok(())
}
