//! What a step is checked against, read inside the open transaction.

use rusqlite::{Connection, OptionalExtension, params};
use smithers_model::approval::ApprovalStatus;
use smithers_model::schedule::Schedule;
use smithers_model::{Epoch, NodeKey, RunId, ScheduleId, Timestamp, WorkflowKey};

use crate::commit::RunHead;
use crate::precheck::Current;
use crate::sqlite::codec::{Stored, run_id, time};
use crate::sqlite::read;

pub(super) struct SqliteCurrent<'a>(pub(super) &'a Connection);

impl Current for SqliteCurrent<'_> {
    type Error = rusqlite::Error;

    fn head(&self, run: &RunId) -> rusqlite::Result<Option<RunHead>> {
        let sql =
            "SELECT epoch, next_seq, next_stream_seq FROM _smithers_run_heads WHERE run_id = ?1";
        self.0
            .prepare_cached(sql)?
            .query_row([run.as_str()], |row| {
                Ok(RunHead {
                    epoch: Epoch(row.get(0)?),
                    next_seq: row.get(1)?,
                    next_stream_seq: row.get(2)?,
                })
            })
            .optional()
    }

    fn deleted_at(&self, run: &RunId) -> rusqlite::Result<Option<Timestamp>> {
        let sql = "SELECT deleted_at_ms FROM _smithers_run_tombstones WHERE run_id = ?1";
        self.0
            .prepare_cached(sql)?
            .query_row([run.as_str()], |row| time(row, 0))
            .optional()
    }

    fn approval(&self, run: &RunId, node: &NodeKey) -> rusqlite::Result<Option<ApprovalStatus>> {
        let sql = "SELECT status FROM _smithers_approvals
                   WHERE run_id = ?1 AND node_id = ?2 AND iteration = ?3 AND withdrawn = 0";
        let key = params![run.as_str(), node.node_id.as_str(), node.iteration];
        self.0
            .prepare_cached(sql)?
            .query_row(key, |row| Ok(row.get::<_, Stored<ApprovalStatus>>(0)?.0))
            .optional()
    }

    fn schedule(&self, id: &ScheduleId) -> rusqlite::Result<Option<Schedule>> {
        read::schedule(self.0, id)
    }

    fn launch(&self, workflow: &WorkflowKey, key: &str) -> rusqlite::Result<Option<RunId>> {
        let sql = "SELECT run_id FROM _smithers_launches
                   WHERE workflow_key = ?1 AND idempotency_key = ?2";
        self.0
            .prepare_cached(sql)?
            .query_row([workflow.as_str(), key], |row| run_id(row, 0))
            .optional()
    }
}
