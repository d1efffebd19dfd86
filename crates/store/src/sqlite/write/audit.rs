//! Writing the audit trail.

use rusqlite::{Connection, OptionalExtension, params};
use smithers_model::audit::AuditRecord;

use crate::audit_chain;

/// Appends a row behind the newest one. The end of the chain is read inside the open transaction each time:
/// a command beside the gateway may have appended meanwhile.
pub(in crate::sqlite) fn append(conn: &Connection, record: &AuditRecord) -> rusqlite::Result<()> {
    let (seq, prev_hash) = newest(conn)?;
    let entry = audit_chain::link(seq + 1, record.clone(), &prev_hash);
    let sql = "INSERT INTO _smithers_audit
                   (seq, at_ms, kind, run_id, actor_id, token_id, subject, outcome, detail_json,
                    prev_hash, hash, channel, org_id, project_id)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
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
        record.channel.as_str(),
        record.org_id,
        record.project_id,
    ])?;
    Ok(())
}

/// Number and hash of the newest row.
fn newest(conn: &Connection) -> rusqlite::Result<(u64, String)> {
    let sql = "SELECT seq, hash FROM _smithers_audit ORDER BY seq DESC LIMIT 1";
    let newest = conn
        .prepare_cached(sql)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(newest.unwrap_or_else(|| (0, audit_chain::GENESIS.to_owned())))
}
