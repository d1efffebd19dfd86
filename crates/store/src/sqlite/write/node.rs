//! Writing nodes and attempts.

use rusqlite::{Connection, params};
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::{NodeKey, RawJson, RunId};

use crate::sqlite::codec::optional_json;

/// Stores the newest state of a node.
pub(super) fn put(conn: &Connection, run: &RunId, row: &NodeRow) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_nodes
                   (run_id, node_id, iteration, state, last_attempt, updated_at_ms, output_table, label,
                    bound_json)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT (run_id, node_id, iteration) DO UPDATE SET
                   state = excluded.state, last_attempt = excluded.last_attempt,
                   updated_at_ms = excluded.updated_at_ms, output_table = excluded.output_table,
                   label = excluded.label, bound_json = excluded.bound_json";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.node.node_id.as_str(),
        row.node.iteration,
        row.state.as_str(),
        row.last_attempt,
        row.updated_at.0,
        row.output_table,
        row.label,
        optional_json(row.bound.as_ref()),
    ])?;
    Ok(())
}

/// Stores the newest state of an attempt. A later attempt ends the back-off of those before it.
pub(super) fn put_attempt(
    conn: &Connection,
    run: &RunId,
    row: &AttemptRow,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_attempts
                   (run_id, node_id, iteration, attempt, state, started_at_ms, finished_at_ms,
                    retry_at_ms, error_json, heartbeat_at_ms, heartbeat_data_json, meta_json, cached,
                    jj_cwd, jj_base_pointer, jj_pointer)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
               ON CONFLICT (run_id, node_id, iteration, attempt) DO UPDATE SET
                   state = excluded.state, started_at_ms = excluded.started_at_ms,
                   finished_at_ms = excluded.finished_at_ms, retry_at_ms = excluded.retry_at_ms,
                   error_json = excluded.error_json, heartbeat_at_ms = excluded.heartbeat_at_ms,
                   heartbeat_data_json = excluded.heartbeat_data_json, held_retry_at_ms = NULL,
                   meta_json = excluded.meta_json, cached = excluded.cached, jj_cwd = excluded.jj_cwd,
                   jj_base_pointer = excluded.jj_base_pointer, jj_pointer = excluded.jj_pointer";
    let (heartbeat, files) = (row.heartbeat.as_ref(), row.files.as_ref());
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.node.node_id.as_str(),
        row.node.iteration,
        row.attempt,
        row.state.as_str(),
        row.started_at.0,
        row.finished_at.map(|at| at.0),
        row.retry_at.map(|at| at.0),
        optional_json(row.error.as_ref()),
        heartbeat.map(|beat| beat.at.0),
        heartbeat
            .and_then(|beat| beat.data.as_ref())
            .map(RawJson::as_str),
        row.meta.as_ref().map(RawJson::as_str),
        row.cached,
        files.map(|files| &files.path),
        files.map(|files| &files.base),
        files.and_then(|files| files.end.as_ref()),
    ])?;
    if row.attempt > 1 {
        end_back_off(conn, run, row)?;
    }
    Ok(())
}

/// The failed attempts of a node count no more.
pub(super) fn cancel_failed(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_attempts
               SET state = 'cancelled', retry_at_ms = NULL, held_retry_at_ms = NULL
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND state = 'failed'";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration
    ])?;
    Ok(())
}

fn end_back_off(conn: &Connection, run: &RunId, row: &AttemptRow) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_attempts SET retry_at_ms = NULL, held_retry_at_ms = NULL
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND attempt < ?4
                 AND (retry_at_ms IS NOT NULL OR held_retry_at_ms IS NOT NULL)";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.node.node_id.as_str(),
        row.node.iteration,
        row.attempt,
    ])?;
    Ok(())
}
