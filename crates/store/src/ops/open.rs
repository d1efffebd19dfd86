//! Opening a database file only to read it, beside whoever owns it.

use std::path::Path;

use rusqlite::Connection;

use super::error::{Error, database};
use crate::error::OpenError;
use crate::sqlite;

/// Opens the database at `path` for reading. What was acknowledged before this call is seen; nobody is made to wait.
pub(super) fn reading(path: &Path) -> Result<Connection, Error> {
    if !path.is_file() {
        return Err(Error::Missing {
            what: "database",
            path: path.to_owned(),
        });
    }
    let conn = database(sqlite::open_for_reading(path), "opening it", path)?;
    refuse_foreign(&conn, path)?;
    Ok(conn)
}

/// Fails when the file is not a database of ours.
fn refuse_foreign(conn: &Connection, path: &Path) -> Result<(), Error> {
    let id: rusqlite::Result<i32> =
        conn.pragma_query_value(None, "application_id", |row| row.get(0));
    if database(id, "reading its header", path)? == sqlite::APPLICATION_ID {
        return Ok(());
    }
    let path = path.to_owned();
    Err(OpenError::Foreign { path }.into())
}
