//! Writing effects.

use rusqlite::{Connection, params};
use smithers_model::effect::{Archival, EndedCalls, ToolCall};
use smithers_model::{RawJson, RunId};

/// Stores the newest state of a call.
pub(super) fn put(conn: &Connection, run: &RunId, call: &ToolCall) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO _smithers_tool_calls
                   (run_id, node_id, iteration, attempt, seq, call_token, tool_name, kind, status, side_effect,
                    idempotent, accepts_idempotency_key, has_revert, idempotency_key, input_json, output_json,
                    error_json, started_at_ms, finished_at_ms, revert_status)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
    let note = &call.note;
    let text = |json: &Option<RawJson>| json.as_ref().map(|json| json.as_str().to_owned());
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        note.node.node_id.as_str(),
        note.node.iteration,
        note.attempt,
        note.seq,
        call.token,
        note.tool_name,
        note.kind.as_str(),
        note.status.as_str(),
        note.side_effect,
        note.idempotent,
        call.idempotency_key.is_some(),
        call.has_revert,
        call.idempotency_key,
        text(&call.input),
        text(&call.output),
        text(&call.error),
        call.started_at.0,
        call.finished_at.map(|at| at.0),
        call.revert_status,
    ])?;
    Ok(())
}

/// Ends what is under way of an attempt.
pub(super) fn end(conn: &Connection, run: &RunId, ended: &EndedCalls) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_tool_calls
               SET status = CASE kind WHEN 'task' THEN ?5 ELSE 'unknown' END, finished_at_ms = ?6
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND attempt = ?4 AND status = 'started'";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        ended.node.node_id.as_str(),
        ended.node.iteration,
        ended.attempt,
        ended.status.as_str(),
        ended.at.0,
    ])?;
    Ok(())
}

/// Puts the calls of attempts aside.
pub(super) fn archive(conn: &Connection, run: &RunId, archival: &Archival) -> rusqlite::Result<()> {
    const COLUMNS: &str = "run_id, node_id, iteration, attempt, seq, call_token, tool_name, kind, status, side_effect,
        idempotent, accepts_idempotency_key, has_revert, idempotency_key, input_json, output_json, error_json,
        started_at_ms, finished_at_ms, revert_status";
    const OF_ATTEMPT: &str = "run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND attempt = ?4";
    let copy = format!(
        "INSERT INTO _smithers_tool_call_archive ({COLUMNS}, archived_by_op, archived_at_ms, archive_reason)
         SELECT {COLUMNS}, ?5, ?6, ?7 FROM _smithers_tool_calls WHERE {OF_ATTEMPT} ORDER BY seq"
    );
    let delete = format!("DELETE FROM _smithers_tool_calls WHERE {OF_ATTEMPT}");
    let (mut copy, mut delete) = (conn.prepare_cached(&copy)?, conn.prepare_cached(&delete)?);
    let (op, at, reason) = (&archival.op, archival.at.0, &archival.reason);
    for (node, attempt) in &archival.attempts {
        let (id, iteration) = (node.node_id.as_str(), node.iteration);
        copy.execute(params![
            run.as_str(),
            id,
            iteration,
            attempt,
            op,
            at,
            reason
        ])?;
        delete.execute(params![run.as_str(), id, iteration, attempt])?;
    }
    Ok(())
}
