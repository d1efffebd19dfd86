//! Taking a run back: its rows become those of a frame, and the trail of it.

use rusqlite::{Connection, params};
use smithers_model::rewind::{Branch, RewindResult, Rewound, TimeTravelRow};
use smithers_model::{NodeKey, RunId, Timestamp};

use super::{history, loops, output, wait};
use crate::schema::Schema;

/// Makes the rows of the run those of a frame. Rows of nodes and attempts that only change come with the step.
pub(super) fn apply(
    conn: &Connection,
    run: &RunId,
    rewound: &Rewound,
    schema: &Schema,
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM _smithers_frames WHERE run_id = ?1 AND frame_no > ?2";
    conn.prepare_cached(sql)?
        .execute(params![run.as_str(), rewound.frame_no])?;
    history::cut(conn, run, rewound.deltas_kept, rewound.last_delta.as_ref())?;
    remove_nodes(conn, run, rewound)?;
    restore_outputs(conn, run, rewound, schema)?;
    let sql = "DELETE FROM _smithers_ralph WHERE run_id = ?1";
    conn.prepare_cached(sql)?.execute([run.as_str()])?;
    for row in &rewound.loops {
        loops::put(conn, run, row)?;
    }
    wait::end_all(conn, run)?;
    for row in &rewound.waits {
        wait::begin(conn, run, row)?;
    }
    for (node, approved, at) in &rewound.decisions_back {
        decide_again(conn, run, node, *approved, *at)?;
    }
    restore_signals(conn, run, rewound)
}

fn remove_nodes(conn: &Connection, run: &RunId, rewound: &Rewound) -> rusqlite::Result<()> {
    let sql = "DELETE FROM _smithers_attempts
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND attempt = ?4";
    let mut attempts = conn.prepare_cached(sql)?;
    let sql = "DELETE FROM _smithers_scorers
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND attempt = ?4";
    let mut scores = conn.prepare_cached(sql)?;
    for (node, attempt) in &rewound.attempts_gone {
        let key = params![run.as_str(), node.node_id.as_str(), node.iteration, attempt];
        attempts.execute(key)?;
        scores.execute(key)?;
    }
    let sql = "DELETE FROM _smithers_nodes WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3";
    let mut nodes = conn.prepare_cached(sql)?;
    for node in &rewound.nodes_gone {
        nodes.execute(params![run.as_str(), node.node_id.as_str(), node.iteration])?;
    }
    Ok(())
}

/// A row of a schema that is not loaded any more stays where it is: nothing reads it.
fn restore_outputs(
    conn: &Connection,
    run: &RunId,
    rewound: &Rewound,
    schema: &Schema,
) -> rusqlite::Result<()> {
    for (table, node) in &rewound.outputs_gone {
        output::remove(conn, run, node, schema.table(table))?;
    }
    for (place, row) in &rewound.outputs_back {
        if let Some(table) = schema.table(&row.table)
            && let Ok(encoded) = output::encode_row(table, row)
        {
            output::put(conn, run, row, &encoded, *place)?;
        }
    }
    Ok(())
}

/// A decision of the record counts again, beside the request for readers.
fn decide_again(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    approved: bool,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_approvals SET
                   withdrawn = 0, due_at_ms = NULL, status = iif(?4, 'approved', 'denied'), decided_at_ms = ?5,
                   (note, decided_by, token_id, decision_json) =
                       (SELECT note, decided_by, token_id, decision_json
                        FROM _smithers_approval_decisions AS made
                        WHERE made.run_id = ?1 AND made.node_id = ?2 AND made.iteration = ?3
                          AND made.approved = ?4 AND made.decided_at_ms = ?5
                        ORDER BY made.decision_id DESC LIMIT 1)
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration,
        approved,
        at.0,
    ])?;
    Ok(())
}

/// Signals that came later leave the run, but not the record.
fn restore_signals(conn: &Connection, run: &RunId, rewound: &Rewound) -> rusqlite::Result<()> {
    let later = params![run.as_str(), rewound.signals_from];
    let sql = "INSERT INTO _smithers_withdrawn_signals
                   (run_id, seq, signal_name, correlation_id, payload_json, received_at_ms, received_by)
               SELECT run_id, seq, signal_name, correlation_id, payload_json, received_at_ms, received_by
               FROM _smithers_signals WHERE run_id = ?1 AND seq >= ?2";
    conn.prepare_cached(sql)?.execute(later)?;
    let sql = "DELETE FROM _smithers_signals WHERE run_id = ?1 AND seq >= ?2";
    conn.prepare_cached(sql)?.execute(later)?;
    let sql = "UPDATE _smithers_signals SET node_id = NULL, iteration = NULL
               WHERE run_id = ?1 AND seq = ?2";
    let mut untake = conn.prepare_cached(sql)?;
    for seq in &rewound.signals_untaken {
        untake.execute(params![run.as_str(), seq])?;
    }
    Ok(())
}

/// Stores of which run a run is a copy.
pub(super) fn put_branch(conn: &Connection, branch: &Branch) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_branches
                   (run_id, parent_run_id, parent_frame_no, branch_label, fork_description, created_at_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    conn.prepare_cached(sql)?.execute(params![
        branch.run_id.as_str(),
        branch.parent_run_id.as_str(),
        branch.parent_frame_no,
        branch.label,
        branch.description,
        branch.created_at.0,
    ])?;
    Ok(())
}

/// Adds a try to the trail, or says how one that was under way has ended.
pub(super) fn record(conn: &Connection, row: &TimeTravelRow) -> rusqlite::Result<()> {
    if row.result != RewindResult::InProgress {
        let sql = "UPDATE _smithers_time_travel_audit SET result = ?2, duration_ms = ?3
                   WHERE op = ?1 AND result = 'in_progress'";
        let ended = params![row.op, row.result.as_str(), row.duration_ms];
        if conn.prepare_cached(sql)?.execute(ended)? > 0 {
            return Ok(());
        }
    }
    let sql = "INSERT INTO _smithers_time_travel_audit
                   (run_id, from_frame_no, to_frame_no, caller, timestamp_ms, result, duration_ms, op)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    conn.prepare_cached(sql)?.execute(params![
        row.run_id.as_str(),
        row.from_frame_no,
        row.to_frame_no,
        row.caller,
        row.at.0,
        row.result.as_str(),
        row.duration_ms,
        row.op,
    ])?;
    Ok(())
}
