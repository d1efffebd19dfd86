//! Writing the audit trail.

use rusqlite::{Connection, OptionalExtension, params};
use smithers_model::audit::AuditRecord;

use crate::audit_chain;

/// Number and hash of the newest row.
pub(super) fn newest(conn: &Connection) -> rusqlite::Result<(u64, String)> {
    let sql = "SELECT seq, hash FROM _smithers_audit ORDER BY seq DESC LIMIT 1";
    let newest = conn
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(newest.unwrap_or_else(|| (0, audit_chain::GENESIS.to_owned())))
}

/// Appends a row behind `tail` and moves it on.
pub(super) fn append(
    conn: &Connection,
    record: &AuditRecord,
    tail: &mut (u64, String),
) -> rusqlite::Result<()> {
    let entry = audit_chain::link(tail.0 + 1, record.clone(), &tail.1);
    let sql = "INSERT INTO _smithers_audit
                   (seq, at_ms, kind, run_id, actor_id, token_id, subject, outcome, detail_json,
                    prev_hash, hash)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    conn.prepare_cached(sql)?.execute(params![
        entry.seq,
        record.at.0,
        record.kind,
        record.run_id.as_ref().map(|run| run.as_str()),
        record.actor_id,
        record.token_id,
        record.subject,
        record.outcome,
        record.detail.as_str(),
        entry.prev_hash,
        entry.hash,
    ])?;
    *tail = (entry.seq, entry.hash);
    Ok(())
}
