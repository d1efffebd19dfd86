//! How connections are opened and set (operations 1).

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{Durability, SqliteOptions};
use crate::error::OpenError;

/// `smth`: tells the file apart from those of other programs.
pub(super) const APPLICATION_ID: i32 = 0x736d_7468;
/// How long a writing connection waits for another one; only checkpoints and backups can be in its way.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Prepared statements kept per connection: all of ours and those of some dozen output tables.
const STATEMENTS: usize = 128;
/// The log file is cut to this size when it is begun anew, bytes.
const JOURNAL_SIZE_LIMIT: i64 = 64 * 1024 * 1024;

pub(super) const READ_FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const WRITE_FLAGS: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens writing connections to one file.
pub(super) struct Opener {
    path: PathBuf,
    durability: Durability,
    vfs: Option<String>,
}

impl Opener {
    pub(super) fn new(options: &SqliteOptions) -> Self {
        Self {
            path: options.path.clone(),
            durability: options.durability,
            vfs: options.vfs.clone(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a connection that may write.
    pub(super) fn writing(&self) -> Result<Connection, OpenError> {
        let conn = match &self.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(&self.path, WRITE_FLAGS, vfs.as_str()),
            None => Connection::open_with_flags(&self.path, WRITE_FLAGS),
        };
        let conn = self.describe("opening the file", conn)?;
        self.refuse_foreign(&conn)?;
        self.describe("setting it up", for_writing(&conn, self.durability))?;
        Ok(conn)
    }

    /// Adds the file and what was attempted to an error.
    pub(super) fn describe<T>(
        &self,
        doing: &'static str,
        result: rusqlite::Result<T>,
    ) -> Result<T, OpenError> {
        result.map_err(|source| OpenError::Database {
            path: self.path.clone(),
            doing,
            source,
        })
    }

    /// A file of another program is left as it is; an empty one has no tables and becomes ours.
    fn refuse_foreign(&self, conn: &Connection) -> Result<(), OpenError> {
        let read = || -> rusqlite::Result<(i32, i64)> {
            let id = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let tables = "SELECT count(*) FROM sqlite_schema";
            Ok((id, conn.query_row(tables, [], |row| row.get(0))?))
        };
        let (id, tables) = self.describe("reading its header", read())?;
        if id == APPLICATION_ID || tables == 0 {
            return Ok(());
        }
        let path = self.path.clone();
        Err(OpenError::Foreign { path })
    }
}

fn for_writing(conn: &Connection, durability: Durability) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    debug_assert_eq!(mode, "wal", "only a database in memory refuses");
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    conn.pragma_update(None, "synchronous", synchronous)?;
    // Checkpoints have their own thread; one that ran inside a commit would make all runs wait.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "journal_size_limit", JOURNAL_SIZE_LIMIT)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // Without this INSERT OR REPLACE passes by the triggers that keep rows from being deleted.
    conn.pragma_update(None, "recursive_triggers", true)?;
    for_all(conn)
}

pub(super) fn for_reading(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.pragma_update(None, "query_only", true)?;
    for_all(conn)
}

fn for_all(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}
