//! The run that says most about a restored database: the one with the most events.

use std::path::Path;

use rusqlite::OptionalExtension;

use super::error::{Error, database};
use super::open::reading;

/// A run and how long its log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongestRun {
    /// Its id.
    pub run_id: String,
    /// Events that clients see, which are numbered from 1 to this.
    pub visible_events: u64,
}

/// Returns the run with the most events that clients see, in the database at `path`; `None` without runs.
///
/// # Errors
/// There is no such database, it is not ours, or it cannot be read.
pub fn longest_run(path: &Path) -> Result<Option<LongestRun>, Error> {
    let conn = reading(path)?;
    let sql = "SELECT run_id, next_stream_seq - 1 FROM _smithers_run_heads
               ORDER BY next_stream_seq DESC, run_id LIMIT 1";
    let longest = conn.query_row(sql, [], |row| {
        Ok(LongestRun {
            run_id: row.get(0)?,
            visible_events: row.get(1)?,
        })
    });
    database(longest.optional(), "looking for its longest run", path)
}
