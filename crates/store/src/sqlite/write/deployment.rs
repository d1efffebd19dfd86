//! Writing starts and stops of the gateway, with what the audit trail says of them.

use rusqlite::{Connection, OptionalExtension, params};
use smithers_model::Timestamp;
use smithers_model::audit::{Channel, Deployment};

use super::audit;
use crate::sqlite::codec::json;
use crate::sqlite::{migrate, migration_audit, read};
use crate::start::{self, Before};

/// Records a start.
pub(super) fn record_start(conn: &Connection, row: &Deployment) -> rusqlite::Result<()> {
    let head = migrate::head().id;
    let before = before(conn)?;
    insert(conn, row, head)?;
    migration_audit::note(conn, Channel::Gateway)?;
    for record in start::records(row, head, before.as_ref()) {
        audit::append(conn, &record)?;
    }
    Ok(())
}

/// Records that the deployment `id` stops in good order.
pub(super) fn record_stop(conn: &Connection, id: &str, at: Timestamp) -> rusqlite::Result<()> {
    let sql = "UPDATE _smithers_deployments SET stopped_at_ms = ?2
               WHERE deployment_id = ?1 AND stopped_at_ms IS NULL";
    if conn.execute(sql, params![id, at.0])? == 0 {
        return Ok(());
    }
    audit::append(conn, &start::stopped(id, at))
}

/// The newest start. After a fault the same process goes on under it.
pub(super) fn newest(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT deployment_id FROM _smithers_deployments ORDER BY rowid DESC LIMIT 1";
    conn.query_row(sql, [], |row| row.get(0)).optional()
}

fn before(conn: &Connection) -> rusqlite::Result<Option<Before>> {
    let stored = conn
        .query_row(read::NEWEST_DEPLOYMENT, [], read::deployment_row)
        .optional()?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    let sql = "SELECT previous_heartbeat_at_ms FROM _smithers_gateway WHERE id = 1";
    let alive_at: Option<i64> = conn.query_row(sql, [], |row| row.get(0))?;
    Ok(Some(Before {
        stored,
        alive_at: alive_at.map(Timestamp),
    }))
}

fn insert(conn: &Connection, row: &Deployment, head: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_deployments
                   (deployment_id, started_at_ms, product_version, database_head, config_digest,
                    module_path, module_hash, build_commit, module_revision, settings_json)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    conn.prepare_cached(sql)?.execute(params![
        row.id,
        row.started_at.0,
        row.product_version,
        head,
        row.config_digest,
        row.module_path,
        row.module_hash,
        row.build_commit,
        row.module_revision,
        json(&row.settings),
    ])?;
    Ok(())
}
