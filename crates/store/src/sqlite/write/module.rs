//! Writing module graphs.

use rusqlite::{Connection, params};
use smithers_model::workflow::ModuleRevision;

use crate::sqlite::codec::{compress, json};
use crate::sqlite::gateway::now_ms;

/// Stores a graph unless it is there.
pub(super) fn register(conn: &Connection, revision: &ModuleRevision) -> rusqlite::Result<()> {
    let known = "SELECT 1 FROM _smithers_modules WHERE hash = ?1";
    if conn.prepare_cached(known)?.exists([&revision.hash])? {
        return Ok(());
    }
    let files = json(&*revision.files);
    let sql = concat!(
        "INSERT INTO _smithers_modules (hash, entry, registered_at_ms, files, files_bytes)
         VALUES (?1, ?2, ",
        now_ms!(),
        ", ?3, ?4)"
    );
    conn.prepare_cached(sql)?.execute(params![
        revision.hash,
        revision.entry,
        compress(files.as_bytes())?,
        files.len(),
    ])?;
    Ok(())
}
