//! Writing approvals: what is asked, and decisions, of which every one is kept.

use rusqlite::{Connection, params};
use smithers_model::approval::{Approval, ApprovalStatus, Decision};
use smithers_model::ownership::Custody;
use smithers_model::{NodeKey, RunId};

use crate::sqlite::codec::json;

/// A node begins to wait, or waits again.
pub(super) fn request(conn: &Connection, run: &RunId, row: &Approval) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_approvals
                   (run_id, node_id, iteration, status, requested_at_ms, request_json, request_digest,
                    auto_approved, asked_by_hash, workflow_key)
               SELECT ?1, ?2, ?3, 'requested', ?4, ?5, ?6, ?7, ?8, workflow_key FROM _smithers_runs WHERE run_id = ?1
               ON CONFLICT (run_id, node_id, iteration) DO UPDATE SET
                   status = excluded.status, requested_at_ms = excluded.requested_at_ms,
                   request_json = excluded.request_json, request_digest = excluded.request_digest,
                   auto_approved = excluded.auto_approved, asked_by_hash = excluded.asked_by_hash, decided_at_ms = NULL, note = NULL,
                   decided_by = NULL, token_id = NULL, decision_json = NULL, withdrawn = 0, round = round + 1";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        row.node.node_id.as_str(),
        row.node.iteration,
        row.requested_at.0,
        json(&row.request),
        row.request_digest,
        row.auto_approved,
        row.asked_by,
    ])?;
    put_custody(conn, run, &row.node, &row.custody)?;
    for cast in &row.votes {
        vote(conn, run, &row.node, cast)?;
    }
    match &row.decision {
        Some(decision) => decide(conn, run, &row.node, decision),
        None => Ok(()),
    }
}

/// Stores who answers for an approval that waits, and when that changes next.
pub(super) fn put_custody(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    custody: &Custody,
) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_approvals
               SET owner = ?4, owner_by_default = ?5, fallback_owner = ?6, escalates_at_ms = ?7,
                   escalated_at_ms = ?8, expires_at_ms = ?9, expired_at_ms = ?10,
                   due_at_ms = iif(status = 'requested', ?11, NULL)
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration,
        custody.owner.as_ref().map(ToString::to_string),
        custody.owner_by_default,
        custody.fallback_owner.as_ref().map(ToString::to_string),
        custody.escalates_at.map(|at| at.0),
        custody.escalated_at.map(|at| at.0),
        custody.expires_at.map(|at| at.0),
        custody.expired_at.map(|at| at.0),
        custody.next_due().map(|at| at.0),
    ])?;
    Ok(())
}

/// What was decided, or is still asked, counts no more. The decisions stay.
pub(super) fn withdraw(conn: &Connection, run: &RunId, node: &NodeKey) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_approvals
               SET withdrawn = 1, due_at_ms = NULL,
                   status = iif(status = 'requested', 'denied', status)
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration
    ])?;
    Ok(())
}

/// Adds a vote to those about what is asked now.
pub(super) fn vote(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    vote: &Decision,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_approval_votes
                   (run_id, node_id, iteration, round, approved, note, decided_by, token_id,
                    decision_json, decided_at_ms, request_digest)
               SELECT run_id, node_id, iteration, round, ?4, ?5, ?6, ?7, ?8, ?9, ?10
               FROM _smithers_approvals WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration,
        vote.approved,
        vote.note,
        vote.decided_by,
        vote.token_id,
        vote.value.as_ref().map(|value| value.as_str()),
        vote.decided_at.0,
        vote.request_digest,
    ])?;
    Ok(())
}

/// Stores a decision twice: as a row of the history, and beside the request for readers.
pub(super) fn decide(
    conn: &Connection,
    run: &RunId,
    node: &NodeKey,
    decision: &Decision,
) -> rusqlite::Result<()> {
    let value = decision.value.as_ref().map(|value| value.as_str());
    let sql = "INSERT INTO _smithers_approval_decisions
                   (run_id, node_id, iteration, approved, note, decided_by, token_id, decision_json,
                    decided_at_ms, request_digest)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration,
        decision.approved,
        decision.note,
        decision.decided_by,
        decision.token_id,
        value,
        decision.decided_at.0,
        decision.request_digest,
    ])?;
    let status = if decision.approved {
        ApprovalStatus::Approved
    } else {
        ApprovalStatus::Denied
    };
    let sql = "UPDATE _smithers_approvals
               SET status = ?4, decided_at_ms = ?5, note = ?6, decided_by = ?7, token_id = ?8,
                   decision_json = ?9, due_at_ms = NULL
               WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3";
    conn.prepare_cached(sql)?.execute(params![
        run.as_str(),
        node.node_id.as_str(),
        node.iteration,
        status.as_str(),
        decision.decided_at.0,
        decision.note,
        decision.decided_by,
        decision.token_id,
        value,
    ])?;
    Ok(())
}
