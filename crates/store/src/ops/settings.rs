//! The settings of a connection, read back as the program that owns the database would have them.

use std::path::Path;

use serde::Serialize;

use super::error::{Error, database};
use super::open::reading;
use crate::sqlite;

/// A setting as it should be and as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name, that of SQLite's pragma.
    pub name: &'static str,
    /// As it should be.
    pub expected: &'static str,
    /// As it is.
    pub found: String,
}

/// What a writing connection must have. The log is a property of the file; the others are set on each connection.
const EXPECTED: [(&str, &str); 5] = [
    ("journal_mode", "wal"),
    ("foreign_keys", "1"),
    ("recursive_triggers", "1"),
    ("trusted_schema", "0"),
    ("cell_size_check", "1"),
];

/// Opens a connection to the database at `path` as the gateway's writer does, and reads its settings back.
/// Writes nothing.
///
/// # Errors
/// There is none, it is not ours, or it cannot be opened.
pub fn settings(path: &Path) -> Result<Vec<Setting>, Error> {
    drop(reading(path)?);
    let conn = database(sqlite::open_as_writer(path), "opening it", path)?;
    let read = |(name, expected)| {
        let found = conn.query_row(
            &format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"),
            [],
            |row| row.get(0),
        );
        let found = database(found, "reading its settings", path)?;
        Ok(Setting {
            name,
            expected,
            found,
        })
    };
    EXPECTED.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::ScratchDb;

    #[test]
    fn a_database_that_lost_its_log_shows() {
        let scratch = ScratchDb::new();
        drop(scratch.open());
        let wrong = || -> Vec<&str> {
            let settings = settings(&scratch.path()).unwrap();
            let wrong = settings
                .iter()
                .filter(|setting| setting.found != setting.expected);
            wrong.map(|setting| setting.name).collect()
        };
        assert_eq!(wrong(), Vec::<&str>::new());
        let conn = rusqlite::Connection::open(scratch.path()).unwrap();
        conn.pragma_update(None, "journal_mode", "delete").unwrap();
        drop(conn);
        assert_eq!(wrong(), ["journal_mode"]);
    }
}
