//! What the audit trail says of migrations. A step may be older than the trail itself, so the ledger notes
//! which of its rows have been told; a death in between leaves the telling to the next start.

use rusqlite::Connection;
use serde_json::json;
use smithers_model::RawJson;
use smithers_model::audit::{AuditRecord, Channel, kind};

use super::gateway;
use super::write;

/// Adds one row for all steps that nobody has told of yet, applied by whoever came over `channel`. To be
/// called inside a transaction.
pub(super) fn note(conn: &Connection, channel: Channel) -> rusqlite::Result<()> {
    let steps = untold(conn)?;
    let Some(newest) = steps.last() else {
        return Ok(());
    };
    let record = AuditRecord {
        subject: Some(newest.clone()),
        detail: RawJson::of(&json!({ "steps": steps })),
        ..AuditRecord::new(gateway::now(conn)?, channel, kind::MIGRATION, "applied")
    };
    write::append_audit(conn, &record)?;
    conn.execute(
        "UPDATE _smithers_schema_migrations
         SET details_json = json_set(coalesce(details_json, '{}'), '$.audited', json('true'))
         WHERE details_json ->> 'audited' IS NULL",
        [],
    )?;
    Ok(())
}

fn untold(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT id FROM _smithers_schema_migrations
               WHERE details_json ->> 'audited' IS NULL ORDER BY id";
    let mut statement = conn.prepare(sql)?;
    let ids = statement.query_map([], |row| row.get(0))?;
    ids.collect()
}
