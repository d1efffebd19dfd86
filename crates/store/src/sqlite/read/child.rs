//! Reading child runs, by indexes that hold only those about which something is to be done.

use smithers_model::RunId;

use super::{SqliteReader, bound};
use crate::read::{ChildReader, ReadResult};
use crate::sqlite::codec::run_id;

impl ChildReader for SqliteReader {
    fn ended_children(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>> {
        let sql = "SELECT run_id FROM _smithers_runs
                   WHERE parent_tie = 'awaited' AND finished_at_ms IS NOT NULL AND run_id > ?1
                   ORDER BY run_id LIMIT ?2";
        let after = after.map_or("", RunId::as_str);
        self.all(sql, (after, bound(limit)), |row| run_id(row, 0))
    }

    fn live_children(&self, run: &RunId, limit: usize) -> ReadResult<Vec<RunId>> {
        let sql = "SELECT run_id FROM _smithers_runs
                   WHERE parent_run_id = ?1 AND parent_tie IS NOT NULL AND finished_at_ms IS NULL
                   ORDER BY run_id LIMIT ?2";
        self.all(sql, (run.as_str(), bound(limit)), |row| run_id(row, 0))
    }

    fn unwanted_children(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>> {
        let sql = "SELECT run_id FROM _smithers_runs
                   WHERE parent_tie = 'unwanted' AND finished_at_ms IS NULL AND run_id > ?1
                   ORDER BY run_id LIMIT ?2";
        let after = after.map_or("", RunId::as_str);
        self.all(sql, (after, bound(limit)), |row| run_id(row, 0))
    }
}
