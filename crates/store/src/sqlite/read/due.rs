//! Reading what is due, by indexes that hold only attempts whose node backs off, approvals and waits whose time runs,
//! and runs that are undone before they end.

use std::collections::HashSet;

use smithers_model::{RunId, Timestamp};

use super::SqliteReader;
use crate::read::{DueReader, ReadResult};
use crate::sqlite::codec::{run_id, time};

impl DueReader for SqliteReader {
    fn next_due(&self, after: Timestamp) -> ReadResult<Option<Timestamp>> {
        let attempts = "SELECT retry_at_ms FROM _smithers_attempts
                        WHERE retry_at_ms > ?1 ORDER BY retry_at_ms LIMIT 1";
        let approvals = "SELECT due_at_ms FROM _smithers_approvals
                         WHERE due_at_ms > ?1 ORDER BY due_at_ms LIMIT 1";
        let waits = "SELECT due_at_ms FROM _smithers_waits
                     WHERE due_at_ms > ?1 AND held = 0 ORDER BY due_at_ms LIMIT 1";
        let endings = "SELECT cancel_requested_at_ms + undo_within_ms FROM _smithers_runs
                       WHERE cancel_requested_at_ms IS NOT NULL AND undo_within_ms IS NOT NULL
                         AND finished_at_ms IS NULL AND cancel_requested_at_ms + undo_within_ms > ?1
                       ORDER BY cancel_requested_at_ms + undo_within_ms LIMIT 1";
        let retry = self.one(attempts, [after.0], |row| time(row, 0))?;
        let lapse = self.one(approvals, [after.0], |row| time(row, 0))?;
        let wait = self.one(waits, [after.0], |row| time(row, 0))?;
        let ending = self.one(endings, [after.0], |row| time(row, 0))?;
        Ok([retry, lapse, wait, ending].into_iter().flatten().min())
    }

    fn due_runs(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<RunId>> {
        // All parts come out of their index in order and are merged while they are read.
        let sql =
            "SELECT run_id, retry_at_ms AS due FROM _smithers_attempts WHERE retry_at_ms <= ?1
                   UNION ALL
                   SELECT run_id, due_at_ms AS due FROM _smithers_approvals WHERE due_at_ms <= ?1
                   UNION ALL
                   SELECT run_id, due_at_ms AS due FROM _smithers_waits
                   WHERE due_at_ms <= ?1 AND held = 0
                   UNION ALL
                   SELECT run_id, cancel_requested_at_ms + undo_within_ms AS due FROM _smithers_runs
                   WHERE cancel_requested_at_ms IS NOT NULL AND undo_within_ms IS NOT NULL
                     AND finished_at_ms IS NULL AND cancel_requested_at_ms + undo_within_ms <= ?1
                   ORDER BY due, run_id";
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query([now.0])?;
        // A run is known by what is most overdue in it; reading stops with the last run that is wanted.
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
