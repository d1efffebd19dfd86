//! Reading holds, tombstones, and which runs are to go.

use rusqlite::{Row, params};
use smithers_model::audit::Channel;
use smithers_model::deletion::{Hold, RunCounts, Tombstone};
use smithers_model::run::RunStatus;
use smithers_model::{RunId, Timestamp};

use super::{SqliteReader, bound};
use crate::read::{DeletionReader, ReadResult};
use crate::sqlite::codec::{
    Stored, from_json, optional_time, raw_json, run_id, time, workflow_key,
};

/// How many rows of each kind a run has, in the order of [`counts_row`].
pub(in crate::sqlite) const COUNTS: &str = "SELECT
    (SELECT count(*) FROM _smithers_events WHERE run_id = ?1),
    (SELECT count(*) FROM _smithers_nodes WHERE run_id = ?1),
    (SELECT count(*) FROM _smithers_attempts WHERE run_id = ?1),
    (SELECT count(*) FROM _smithers_frames WHERE run_id = ?1),
    (SELECT count(*) FROM _smithers_output_provenance WHERE run_id = ?1),
    (SELECT count(*) FROM _smithers_approvals WHERE run_id = ?1)";

pub(in crate::sqlite) const HOLD: &str =
    "SELECT held_at_ms, held_by, reason FROM _smithers_run_holds WHERE run_id = ?1";

/// Runs that subflows of a parent have started; one whose deletion has begun has no head any more.
pub(in crate::sqlite) const CHILDREN: &str =
    "SELECT r.run_id FROM _smithers_runs r CROSS JOIN _smithers_run_heads h ON h.run_id = r.run_id
     WHERE r.parent_run_id = ?1 AND +r.parent_tie IS NOT NULL ORDER BY r.run_id LIMIT ?2";

const TOMBSTONE: &str =
    "SELECT run_id, parent_run_id, workflow_key, workflow_name, status, deployment_id, created_at_ms,
            finished_at_ms, deleted_at_ms, deleted_by, token_id, channel, reason, counts_json,
            events_sha256, approvals_json
     FROM _smithers_run_tombstones WHERE run_id = ?1";

const ENDED_BEFORE: &str =
    "SELECT r.run_id FROM _smithers_runs r CROSS JOIN _smithers_run_heads h ON h.run_id = r.run_id
     WHERE r.finished_at_ms < ?1
       AND NOT EXISTS (SELECT 1 FROM _smithers_run_holds held WHERE held.run_id = r.run_id)
       AND (r.parent_tie IS NULL OR NOT EXISTS
            (SELECT 1 FROM _smithers_run_heads parent WHERE parent.run_id = r.parent_run_id))
     ORDER BY r.finished_at_ms, r.run_id LIMIT ?2";

pub(in crate::sqlite) fn counts_row(row: &Row<'_>) -> rusqlite::Result<RunCounts> {
    Ok(RunCounts {
        events: row.get(0)?,
        nodes: row.get(1)?,
        attempts: row.get(2)?,
        frames: row.get(3)?,
        outputs: row.get(4)?,
        approvals: row.get(5)?,
    })
}

pub(in crate::sqlite) fn hold_row(row: &Row<'_>) -> rusqlite::Result<Hold> {
    Ok(Hold {
        held_at: time(row, 0)?,
        held_by: row.get(1)?,
        reason: row.get(2)?,
    })
}

fn tombstone_row(row: &Row<'_>) -> rusqlite::Result<Tombstone> {
    Ok(Tombstone {
        run_id: run_id(row, 0)?,
        parent_run_id: row.get::<_, Option<String>>(1)?.map(RunId::new),
        workflow_key: workflow_key(row, 2)?,
        workflow_name: row.get(3)?,
        status: row.get::<_, Stored<RunStatus>>(4)?.0,
        deployment_id: row.get(5)?,
        created_at: time(row, 6)?,
        finished_at: optional_time(row, 7)?,
        deleted_at: time(row, 8)?,
        deleted_by: row.get(9)?,
        token_id: row.get(10)?,
        channel: row.get::<_, Stored<Channel>>(11)?.0,
        reason: row.get(12)?,
        counts: from_json(row, 13)?,
        events_sha256: row.get(14)?,
        approvals: raw_json(row, 15)?,
    })
}

impl DeletionReader for SqliteReader {
    fn run_exists(&self, run: &RunId) -> ReadResult<bool> {
        let sql = "SELECT 1 FROM _smithers_run_heads WHERE run_id = ?1";
        let found = self.one(sql, [run.as_str()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    fn run_counts(&self, run: &RunId) -> ReadResult<RunCounts> {
        Ok(self
            .one(COUNTS, [run.as_str()], counts_row)?
            .unwrap_or_default())
    }

    fn hold(&self, run: &RunId) -> ReadResult<Option<Hold>> {
        self.one(HOLD, [run.as_str()], hold_row)
    }

    fn tombstone(&self, run: &RunId) -> ReadResult<Option<Tombstone>> {
        self.one(TOMBSTONE, [run.as_str()], tombstone_row)
    }

    fn children(&self, run: &RunId, limit: usize) -> ReadResult<Vec<RunId>> {
        let params = params![run.as_str(), bound(limit)];
        self.all(CHILDREN, params, |row| run_id(row, 0))
    }

    fn ended_before(&self, end: Timestamp, limit: usize) -> ReadResult<Vec<RunId>> {
        self.all(ENDED_BEFORE, params![end.0, bound(limit)], |row| {
            run_id(row, 0)
        })
    }

    fn unfinished_deletions(&self, limit: usize) -> ReadResult<Vec<RunId>> {
        // Ids are not empty; the bound lets SQLite enter the key instead of walking the table.
        let sql =
            "SELECT run_id FROM _smithers_run_deletions WHERE run_id > '' ORDER BY run_id LIMIT ?1";
        self.all(sql, [bound(limit)], |row| run_id(row, 0))
    }
}
