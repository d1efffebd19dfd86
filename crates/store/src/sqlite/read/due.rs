//! Reading what is due, by an index that holds only attempts whose node backs off.

use smithers_model::{RunId, Timestamp};

use super::{SqliteReader, bound};
use crate::read::{DueReader, ReadResult};
use crate::sqlite::codec::{run_id, time};

impl DueReader for SqliteReader {
    fn next_due(&self) -> ReadResult<Option<Timestamp>> {
        let sql = "SELECT retry_at_ms FROM _smithers_attempts
                   WHERE retry_at_ms > -9223372036854775808 ORDER BY retry_at_ms LIMIT 1";
        self.one(sql, [], |row| time(row, 0))
    }

    fn due_runs(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<RunId>> {
        let sql = "SELECT run_id FROM _smithers_attempts WHERE retry_at_ms <= ?1
                   GROUP BY run_id ORDER BY min(retry_at_ms), run_id LIMIT ?2";
        self.all(sql, (now.0, bound(limit)), |row| run_id(row, 0))
    }
}
