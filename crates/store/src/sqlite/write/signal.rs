//! Writing signals.

use rusqlite::{Connection, params};
use smithers_model::signal::Signal;
use smithers_model::{NodeKey, RunId};

/// Keeps a signal.
pub(super) fn add(conn: &Connection, run: &RunId, row: &Signal) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_signals
                   (run_id, seq, signal_name, correlation_id, payload_json, received_at_ms, received_by)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.seq,
        row.address.signal_name,
        row.address.correlation_id,
        row.payload.as_str(),
        row.received_at.0,
        row.received_by,
    ])?;
    match &row.taken_by {
        Some(node) => take(conn, run, row.seq, node),
        None => Ok(()),
    }
}

/// A node takes a signal.
pub(super) fn take(
    conn: &Connection,
    run: &RunId,
    seq: u64,
    node: &NodeKey,
) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_signals SET node_id = ?3, iteration = ?4
               WHERE run_id = ?1 AND seq = ?2";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        seq,
        node.node_id.as_str(),
        node.iteration
    ])?;
    Ok(())
}
