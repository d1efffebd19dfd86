//! What can be told of a database at a glance.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::disk::{FileSystem, file_system};
use super::error::{Error, database};
use super::files::{beside, size_of};
use super::inspect::contents;
use super::open::reading;
use super::progress::Watcher;
use crate::sqlite::{self, OwnerLock};

/// A database at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Size of the log beside it, bytes; 0 without one.
    pub wal_bytes: u64,
    /// Bytes of its pages that hold nothing and are used before the file grows.
    pub free_bytes: u64,
    /// Why it should not live where it does; `None` when it may.
    pub location_warning: Option<String>,
    /// Newest migration in the file.
    pub head: String,
    /// Newest migration of this program.
    pub known_head: String,
    /// Whether a gateway runs on it.
    pub in_use: bool,
    /// Who owned it last, or does now; `None` before the first gateway.
    pub owner: Option<OwnerRow>,
    /// Rows of every table.
    pub tables: BTreeMap<String, u64>,
    /// Time of the newest event, milliseconds since 1970.
    pub newest_event_at_ms: Option<i64>,
}

/// The row of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerRow {
    /// Id of the database; survives backup and restore.
    pub database_id: String,
    /// Random id of the process.
    pub instance_id: String,
    /// Its generation.
    pub epoch: u64,
    /// Its process id.
    pub pid: u32,
    /// When it opened the database, milliseconds since 1970.
    pub opened_at_ms: i64,
    /// When it last wrote.
    pub heartbeat_at_ms: i64,
}

/// Looks at the database at `path`, beside a running gateway or without one.
///
/// # Errors
/// There is none, it is not ours, or it cannot be read.
pub fn status(path: &Path, watch: &mut Watcher<'_>) -> Result<Status, Error> {
    let mut conn = reading(path)?;
    let conn = database(conn.transaction(), "reading it", path)?;
    let contents = contents(&conn, path, watch)?;
    let place = file_system(path).unwrap_or(FileSystem::Local);
    Ok(Status {
        path: path.to_owned(),
        size_bytes: size_of(path),
        wal_bytes: size_of(&beside(path, "-wal")),
        free_bytes: database(free_bytes(&conn), "measuring it", path)?,
        location_warning: place.objection(),
        head: contents.head,
        known_head: sqlite::head_id().to_owned(),
        in_use: OwnerLock::is_held(path)?,
        owner: database(owner(&conn), "reading its owner", path)?,
        tables: contents.tables,
        newest_event_at_ms: contents.newest_event_at_ms,
    })
}

fn free_bytes(conn: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";
    conn.query_row(sql, [], |row| row.get(0))
}

fn owner(conn: &Connection) -> rusqlite::Result<Option<OwnerRow>> {
    let sql = "SELECT database_id, instance_id, epoch, pid, opened_at_ms, heartbeat_at_ms
               FROM _smithers_gateway WHERE id = 1";
    let row = conn.query_row(sql, [], |row| {
        Ok(OwnerRow {
            database_id: row.get(0)?,
            instance_id: row.get(1)?,
            epoch: row.get(2)?,
            pid: row.get(3)?,
            opened_at_ms: row.get(4)?,
            heartbeat_at_ms: row.get(5)?,
        })
    });
    row.optional()
}
