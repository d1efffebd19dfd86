//! Writing waits.

use rusqlite::{Connection, params};
use smithers_model::signal::SignalAddress;
use smithers_model::wait::Wait;
use smithers_model::{NodeKey, RunId};

use crate::sqlite::codec::json;

/// A node begins to wait.
pub(super) fn begin(conn: &Connection, run: &RunId, row: &Wait) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO _smithers_waits
                   (run_id, node_id, iteration, kind, since_ms, due_at_ms, signal_name, correlation_id,
                    cause_json)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let address = row.cause.address();
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.node.node_id.as_str(),
        row.node.iteration,
        row.cause.kind().as_str(),
        row.since.0,
        row.due.map(|at| at.0),
        address.map(|of| of.signal_name.as_str()),
        address.and_then(SignalAddress::correlation),
        json(&row.cause),
    ])?;
    Ok(())
}

/// A node waits no more.
pub(super) fn end(conn: &Connection, run: &RunId, node: &NodeKey) -> rusqlite::Result<()> {
    let sql = "DELETE FROM _smithers_waits WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration
    ])?;
    Ok(())
}

/// Keeps the waits of a run from waking anybody, or lets them do so again.
pub(super) fn hold(conn: &Connection, run: &RunId, held: bool) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_waits SET held = ?2 WHERE run_id = ?1 AND held <> ?2";
    conn.prepare_cached(sql)?
        .execute(params![run.as_str(), held])?;
    Ok(())
}

/// Nothing waits in a run that has ended.
pub(super) fn end_all(conn: &Connection, run: &RunId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM _smithers_waits WHERE run_id = ?1";
    conn.prepare_cached(sql)?.execute([run.as_str()])?;
    Ok(())
}
