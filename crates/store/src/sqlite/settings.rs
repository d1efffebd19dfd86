//! How connections are opened and set (operations 1).

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Durability, SqliteOptions};
use crate::error::OpenError;

/// `smth`: tells the file apart from those of other programs.
pub(crate) const APPLICATION_ID: i32 = 0x736d_7468;
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
        if self.is_new(&conn)? {
            let set = conn.pragma_update(None, "auto_vacuum", "INCREMENTAL");
            self.describe("choosing how it shrinks", set)?;
        }
        self.use_log(&conn)?;
        self.describe("setting it up", for_writing(&conn))?;
        self.set_durability(&conn, self.durability)?;
        Ok(conn)
    }

    /// Sets when commits count as durable; not inside a transaction.
    pub(super) fn set_durability(
        &self,
        conn: &Connection,
        durability: Durability,
    ) -> Result<(), OpenError> {
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        let set = conn.pragma_update(None, "synchronous", synchronous);
        self.describe("setting its durability", set)
    }

    /// Adds the file and what was attempted to an error.
    pub(super) fn describe<T>(
        &self,
        doing: &'static str,
        result: rusqlite::Result<T>,
    ) -> Result<T, OpenError> {
        result.map_err(|source| {
            let path = self.path.clone();
            match is_damage(&source) {
                true => OpenError::Damaged {
                    path,
                    damages: vec![source.to_string()],
                },
                false => OpenError::Database {
                    path,
                    doing,
                    source,
                },
            }
        })
    }

    /// Readers and the writer work side by side only with a log.
    fn use_log(&self, conn: &Connection) -> Result<(), OpenError> {
        let set = || -> rusqlite::Result<String> {
            conn.busy_timeout(BUSY_TIMEOUT)?;
            conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        };
        match self.describe("setting up its log", set())?.as_str() {
            "wal" => Ok(()),
            _ => Err(OpenError::NoLog {
                path: self.path.clone(),
            }),
        }
    }

    /// Returns whether the file is empty, so that it becomes ours. A file of another program is left as it is.
    fn is_new(&self, conn: &Connection) -> Result<bool, OpenError> {
        let read = || -> rusqlite::Result<(i32, i64)> {
            let id = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let tables = "SELECT count(*) FROM sqlite_schema";
            Ok((id, conn.query_row(tables, [], |row| row.get(0))?))
        };
        let (id, tables) = self.describe("reading its header", read())?;
        if id == APPLICATION_ID || tables == 0 {
            return Ok(tables == 0);
        }
        let path = self.path.clone();
        Err(OpenError::Foreign { path })
    }
}

/// Whether SQLite has met a page that makes no sense.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}

fn for_writing(conn: &Connection) -> rusqlite::Result<()> {
    // Checkpoints have their own thread; one that ran inside a commit would make all runs wait.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "journal_size_limit", JOURNAL_SIZE_LIMIT)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // Without this INSERT OR REPLACE passes by the triggers that keep rows from being deleted.
    conn.pragma_update(None, "recursive_triggers", true)?;
    for_all(conn)
}

/// Opens a connection that cannot write, to a file that somebody else may own.
pub(crate) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let mut conn = Connection::open_with_flags(path, READ_FLAGS)?;
    for_reading(&mut conn)?;
    Ok(conn)
}

/// Opens a connection set as the writer's, to look at the settings. What the file itself says is left alone.
pub(crate) fn open_as_writer(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, WRITE_FLAGS)?;
    conn.busy_timeout(Duration::from_secs(5))?;
    for_writing(&conn)?;
    Ok(conn)
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
    // Without this a statement whose LIMIT is bound is planned again each time it gets another one.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::testkit::ScratchDb;

    fn pragmas(conn: &Connection, names: &[&str]) -> Vec<String> {
        let value = |name: &&str| {
            let value: rusqlite::types::Value = conn
                .pragma_query_value(None, name, |row| row.get(0))
                .unwrap();
            match value {
                rusqlite::types::Value::Text(text) => format!("{name} {text}"),
                rusqlite::types::Value::Integer(number) => format!("{name} {number}"),
                other => panic!("{name}: {other:?}"),
            }
        };
        names.iter().map(value).collect()
    }

    #[test]
    fn a_writing_connection_is_set_as_the_operations_chapter_says() {
        for (durability, synchronous) in [(Durability::Full, 2), (Durability::Normal, 1)] {
            let scratch = ScratchDb::new();
            let options = SqliteOptions {
                durability,
                ..scratch.options()
            };
            let _store = crate::SqliteStore::open(&options).unwrap();
            let conn = Opener::new(&options).writing().unwrap();
            let names = [
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "recursive_triggers",
                "trusted_schema",
                "cell_size_check",
                "wal_autocheckpoint",
                "busy_timeout",
                "application_id",
            ];
            let expected = [
                "journal_mode wal".to_owned(),
                format!("synchronous {synchronous}"),
                "foreign_keys 1".to_owned(),
                "recursive_triggers 1".to_owned(),
                "trusted_schema 0".to_owned(),
                "cell_size_check 1".to_owned(),
                "wal_autocheckpoint 0".to_owned(),
                "busy_timeout 30000".to_owned(),
                format!("application_id {APPLICATION_ID}"),
            ];
            assert_eq!(pragmas(&conn, &names), expected);
            assert!(conn.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE).unwrap());
        }
    }

    #[test]
    fn a_statement_is_not_planned_again_for_another_limit() {
        let scratch = ScratchDb::new();
        let _store = scratch.open();
        let mut conn = Connection::open_with_flags(scratch.path(), READ_FLAGS).unwrap();
        for_reading(&mut conn).unwrap();
        let sql = "SELECT run_id FROM _smithers_runs WHERE system = ?1 ORDER BY created_at_ms DESC LIMIT ?2";
        let mut statement = conn.prepare(sql).unwrap();
        for limit in 1..9 {
            let rows = statement.query_map([0, limit], |_| Ok(())).unwrap();
            assert_eq!(rows.count(), 0);
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_reading_connection_cannot_write() {
        let scratch = ScratchDb::new();
        let _store = scratch.open();
        let mut conn = Connection::open_with_flags(scratch.path(), READ_FLAGS).unwrap();
        for_reading(&mut conn).unwrap();
        assert_eq!(pragmas(&conn, &["query_only"]), ["query_only 1"]);
        assert!(conn.execute_batch("CREATE TABLE t (x)").is_err());
    }
}
