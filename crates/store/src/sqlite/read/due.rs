//! Reading what is due, by an index that holds only attempts whose node backs off.

use std::collections::HashSet;

use smithers_model::{RunId, Timestamp};

use super::SqliteReader;
use crate::read::{DueReader, ReadResult};
use crate::sqlite::codec::{run_id, time};

impl DueReader for SqliteReader {
    fn next_due(&self, after: Timestamp) -> ReadResult<Option<Timestamp>> {
        let sql = "SELECT retry_at_ms FROM _smithers_attempts
                   WHERE retry_at_ms > ?1 ORDER BY retry_at_ms LIMIT 1";
        self.one(sql, [after.0], |row| time(row, 0))
    }

    fn due_runs(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<RunId>> {
        let sql = "SELECT run_id FROM _smithers_attempts WHERE retry_at_ms <= ?1
                   ORDER BY retry_at_ms, run_id";
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query([now.0])?;
        // A run is known by its most overdue attempt; reading stops with the last run that is wanted.
        let mut due = Vec::new();
        let mut seen = HashSet::new();
        while due.len() < limit
            && let Some(row) = rows.next()?
        {
            let run = run_id(row, 0)?;
            if seen.insert(run.clone()) {
                due.push(run);
            }
        }
        Ok(due)
    }
}
