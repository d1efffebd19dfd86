//! Writing the history of a run: what a step has changed, and output rows that leave their table.

use rusqlite::{Connection, OptionalExtension, params};
use smithers_model::history::PackedDelta;
use smithers_model::{NodeKey, RunId};

use crate::schema::Table;
use crate::sqlite::codec::{compress, history_hash};
use crate::sqlite::read::stored_output;

/// Shorter deltas are stored as they are.
const WORTH_COMPRESSING: usize = 512;

/// Adds what a step has changed; `clock` is the place of its first output row.
pub(super) fn keep(
    conn: &Connection,
    run: &RunId,
    delta: &PackedDelta,
    clock: u64,
) -> rusqlite::Result<()> {
    let sql = "SELECT n, content_hash FROM _smithers_snapshots
               WHERE run_id = ?1 ORDER BY n DESC LIMIT 1";
    let newest: Option<(u64, Vec<u8>)> = conn
        .prepare_cached(sql)?
        .query_row([run.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (n, before) = newest.unwrap_or_default();
    let sql = "INSERT INTO _smithers_snapshots
                   (run_id, n, first_frame, last_frame, first_clock, content, content_bytes, content_hash)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        n + 1,
        delta.first_frame,
        delta.last_frame,
        clock,
        content(delta)?,
        delta.bytes.len(),
        history_hash(&before, &delta.bytes),
    ])?;
    Ok(())
}

/// Keeps the first `kept` deltas, of the last of them only `beginning` when there is one.
pub(super) fn cut(
    conn: &Connection,
    run: &RunId,
    kept: u64,
    beginning: Option<&PackedDelta>,
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM _smithers_snapshots WHERE run_id = ?1 AND n > ?2";
    conn.prepare_cached(sql)?
        .execute(params![run.as_str(), kept])?;
    let Some(delta) = beginning else {
        return Ok(());
    };
    let sql = "SELECT content_hash FROM _smithers_snapshots WHERE run_id = ?1 AND n = ?2 - 1";
    let before: Option<Vec<u8>> = conn
        .prepare_cached(sql)?
        .query_row(params![run.as_str(), kept], |row| row.get(0))
        .optional()?;
    let sql = "UPDATE _smithers_snapshots
               SET first_frame = ?3, last_frame = ?4, content = ?5, content_bytes = ?6, content_hash = ?7
               WHERE run_id = ?1 AND n = ?2";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        kept,
        delta.first_frame,
        delta.last_frame,
        content(delta)?,
        delta.bytes.len(),
        history_hash(&before.unwrap_or_default(), &delta.bytes),
    ])?;
    Ok(())
}

fn content(delta: &PackedDelta) -> rusqlite::Result<Vec<u8>> {
    if delta.bytes.len() < WORTH_COMPRESSING {
        return Ok(delta.bytes.clone());
    }
    let compressed = compress(&delta.bytes)?;
    let is_shorter = compressed.len() < delta.bytes.len();
    Ok(if is_shorter {
        compressed
    } else {
        delta.bytes.clone()
    })
}

/// Keeps the row of a node that is about to leave `table`.
pub(super) fn keep_output(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    table: &Table,
) -> rusqlite::Result<()> {
    let Some(row) = stored_output(conn, run, node, table)? else {
        return Ok(());
    };
    let sql = "INSERT OR REPLACE INTO _smithers_undone_outputs
                   (run_id, seq, output_table, node_id, iteration, payload_json)
               SELECT run_id, seq, output_table, node_id, iteration, ?5
               FROM _smithers_output_provenance
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND output_table = ?4";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration,
        table.key,
        row.payload.as_str(),
    ])?;
    Ok(())
}
