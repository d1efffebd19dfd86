//! Writing module graphs and starts of the gateway.

use rusqlite::{Connection, OptionalExtension, params};
use smithers_model::audit::Deployment;
use smithers_model::workflow::ModuleRevision;

use crate::sqlite::codec::{compress, json};
use crate::sqlite::gateway::now_ms;
use crate::sqlite::migrate;

/// Stores a graph unless it is there.
pub(super) fn register(conn: &Connection, revision: &ModuleRevision) -> rusqlite::Result<()> {
    let files = json(&*revision.files);
    let sql = concat!(
        "INSERT INTO _smithers_modules (hash, entry, registered_at_ms, files, files_bytes)
         VALUES (?1, ?2, ",
        now_ms!(),
        ", ?3, ?4)
         ON CONFLICT (hash) DO NOTHING"
    );
    conn.prepare_cached(sql)?.execute(params![
        revision.hash,
        revision.entry,
        compress(files.as_bytes())?,
        files.len(),
    ])?;
    Ok(())
}

/// Records a start.
pub(super) fn record_deployment(conn: &Connection, row: &Deployment) -> rusqlite::Result<()> {
    let sql = "INSERT INTO _smithers_deployments
                   (deployment_id, started_at_ms, product_version, database_head, config_digest,
                    module_path, module_hash)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    conn.prepare_cached(sql)?.execute(params![
        row.id,
        row.started_at.0,
        row.product_version,
        migrate::head().id,
        row.config_digest,
        row.module_path,
        row.module_hash,
    ])?;
    Ok(())
}

/// The newest start. After a fault the same process goes on under it.
pub(super) fn newest_deployment(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT deployment_id FROM _smithers_deployments ORDER BY rowid DESC LIMIT 1";
    conn.query_row(sql, [], |row| row.get(0)).optional()
}
