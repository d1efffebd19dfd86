//! Reading a database file as the gateway does, beside it or without one.

use std::path::Path;

use super::error::Error;
use super::open::reading;
use crate::backend::ReadGuard;
use crate::sqlite::SqliteReader;

/// Opens the database at `path` for reading. Knows no output tables; give it back soon, a long reader keeps the log
/// from shrinking.
///
/// # Errors
/// There is none, it is not ours, or it cannot be opened.
pub fn reader(path: &Path) -> Result<ReadGuard, Error> {
    Ok(ReadGuard::new(SqliteReader::alone(reading(path)?)))
}
