//! What is left of a run.

use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};
use smithers_model::deletion::{DeletionOrder, Tombstone};
use smithers_model::run::RunStatus;
use smithers_model::{RawJson, RunId};

use crate::sqlite::codec::{Stored, json, optional_time, run_id, time, workflow_key};
use crate::sqlite::read;

/// Describes a run that is about to go.
pub(super) fn of(conn: &Connection, order: &DeletionOrder) -> rusqlite::Result<Tombstone> {
    let run = order.run_id.as_str();
    let counts = conn.query_row(read::COUNTS, [run], read::counts_row)?;
    let approvals = RawJson::of(&decisions(conn, run)?);
    let sql = "SELECT run_id, parent_run_id, workflow_key, workflow_name, status, deployment_id,
                      created_at_ms, finished_at_ms
               FROM _smithers_runs WHERE run_id = ?1";
    conn.query_row(sql, [run], |row| {
        Ok(Tombstone {
            run_id: run_id(row, 0)?,
            parent_run_id: row.get::<_, Option<String>>(1)?.map(RunId::new),
            workflow_key: workflow_key(row, 2)?,
            workflow_name: row.get(3)?,
            status: row.get::<_, Stored<RunStatus>>(4)?.0,
            deployment_id: row.get(5)?,
            created_at: time(row, 6)?,
            finished_at: optional_time(row, 7)?,
            deleted_at: order.at,
            deleted_by: order.actor.user_id.clone(),
            token_id: order.actor.token_id.clone(),
            channel: order.actor.channel,
            reason: order.reason.clone(),
            counts,
            events_sha256: order.log.sha256.clone(),
            approvals,
        })
    })
}

pub(super) fn insert(conn: &Connection, row: &Tombstone) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_run_tombstones
                   (run_id, parent_run_id, workflow_key, workflow_name, status, deployment_id,
                    created_at_ms, finished_at_ms, deleted_at_ms, deleted_by, token_id, channel, reason,
                    counts_json, events_sha256, approvals_json)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    conn.execute(
        sql,
        params![
            row.run_id.as_str(),
            row.parent_run_id.as_ref().map(RunId::as_str),
            row.workflow_key.as_str(),
            row.workflow_name,
            row.status.as_str(),
            row.deployment_id,
            row.created_at.0,
            row.finished_at.map(|at| at.0),
            row.deleted_at.0,
            row.deleted_by,
            row.token_id,
            row.channel.as_str(),
            row.reason,
            json(&row.counts),
            row.events_sha256,
            row.approvals.as_str(),
        ],
    )?;
    Ok(())
}

/// Every decision that was made in the run, in the order in which they were made.
fn decisions(conn: &Connection, run: &str) -> rusqlite::Result<Vec<Value>> {
    let sql = "SELECT node_id, iteration, approved, decided_by, token_id, decided_at_ms, note,
                   request_digest
               FROM _smithers_approval_decisions WHERE run_id = ?1 ORDER BY decision_id";
    let mut statement = conn.prepare(sql)?;
    let rows = statement.query_map([run], |row: &Row<'_>| {
        Ok(json!({
            "nodeId": row.get::<_, String>(0)?,
            "iteration": row.get::<_, u32>(1)?,
            "approved": row.get::<_, bool>(2)?,
            "decidedBy": row.get::<_, Option<String>>(3)?,
            "tokenId": row.get::<_, Option<String>>(4)?,
            "decidedAtMs": time(row, 5)?,
            "note": row.get::<_, Option<String>>(6)?,
            "requestDigest": row.get::<_, Option<String>>(7)?,
        }))
    })?;
    rows.collect()
}
