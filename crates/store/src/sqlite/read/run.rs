//! Reading runs.

use std::collections::HashMap;

use rusqlite::{Row, ToSql};
use smithers_model::continuation::{ChainLink, Continuation};
use smithers_model::node::NodeState;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::ChildTie;
use smithers_model::{Epoch, RunId, WorkflowKey};

use super::{SqliteReader, bound};
use crate::read::{ReadResult, RunFilter, RunReader};
use crate::sqlite::codec::{
    Stored, from_optional_json, optional_time, raw_json, run_id, time, workflow_key,
};

/// Columns of a run in the order of [`run_row`]. The head is joined by key after the run is chosen.
macro_rules! select_run {
    ($tail:literal) => {
        concat!(
            "SELECT r.run_id, r.workflow_key, r.workflow_name, r.workflow_hash, r.status, r.system,
                    r.created_at_ms, r.started_at_ms, r.finished_at_ms, r.cancel_requested_at_ms, r.pause_requested_at_ms,
                    r.error_json, r.config_json, h.epoch, h.next_seq, h.next_stream_seq, h.next_frame_no,
                    r.input_json, r.parent_run_id, r.parent_tie, c.before_run_id, c.first_run_id, c.depth,
                    r.undo_within_ms
             FROM _smithers_runs r CROSS JOIN _smithers_run_heads h ON h.run_id = r.run_id
             LEFT JOIN _smithers_continuations c ON c.run_id = r.run_id
             ",
            $tail
        )
    };
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        run_id: run_id(row, 0)?,
        workflow_key: workflow_key(row, 1)?,
        workflow_name: row.get(2)?,
        workflow_hash: row.get(3)?,
        status: row.get::<_, Stored<RunStatus>>(4)?.0,
        system: row.get(5)?,
        created_at: time(row, 6)?,
        started_at: optional_time(row, 7)?,
        finished_at: optional_time(row, 8)?,
        cancel_requested_at: optional_time(row, 9)?,
        pause_requested_at: optional_time(row, 10)?,
        error: from_optional_json(row, 11)?,
        config: raw_json(row, 12)?,
        epoch: Epoch(row.get(13)?),
        next_seq: row.get(14)?,
        next_stream_seq: row.get(15)?,
        next_frame_no: row.get(16)?,
        input: raw_json(row, 17)?,
        parent: row.get::<_, Option<String>>(18)?.map(RunId::new),
        tie: row.get::<_, Option<Stored<ChildTie>>>(19)?.map(|tie| tie.0),
        chain: chain_link(row, 20)?,
        undo_within_ms: row.get(23)?,
    })
}

/// The place of a run in a chain, from three columns beginning with `at`.
fn chain_link(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<ChainLink>> {
    let Some(before) = row.get::<_, Option<String>>(at)? else {
        return Ok(None);
    };
    Ok(Some(ChainLink {
        before: RunId::new(before),
        first: run_id(row, at + 1)?,
        depth: row.get(at + 2)?,
    }))
}

impl SqliteReader {
    /// What a run is told of the one before it.
    pub(super) fn continuation(&self, run: &RunId) -> ReadResult<Option<Continuation>> {
        let sql = "SELECT told_json FROM _smithers_continuations WHERE run_id = ?1";
        let told = self.one(sql, [run.as_str()], |row| from_optional_json(row, 0))?;
        Ok(told.flatten())
    }
}

/// The indexes that list runs are in listing order; which one leads depends on the filter. The bound on the
/// time of creation excludes nothing: it lets SQLite enter the index instead of walking all of it.
fn listing(filter: &RunFilter) -> &'static str {
    if filter.parent.is_some() {
        return select_run!(
            "WHERE r.parent_run_id = :parent AND (:all OR +r.system = 0)
               AND (:any_status OR +r.status IN (:status, :or_status))
               AND (:any_workflow OR +r.workflow_key = :workflow)
             ORDER BY r.created_at_ms DESC, r.run_id LIMIT :limit OFFSET :offset"
        );
    }
    match (&filter.status, &filter.workflow, filter.include_system) {
        (None, None, false) => select_run!(
            "WHERE r.system = 0
             ORDER BY r.created_at_ms DESC, r.run_id LIMIT :limit OFFSET :offset"
        ),
        (None, None, true) => select_run!(
            "WHERE r.created_at_ms <= 9223372036854775807
             ORDER BY r.created_at_ms DESC, r.run_id LIMIT :limit OFFSET :offset"
        ),
        (Some(_), None, _) if filter.or_status.is_some() => concat!(
            select_run!("WHERE r.status = :status AND (:all OR +r.system = 0)"),
            " UNION ALL ",
            // Both halves come in order, so that they are merged.
            select_run!(
                "WHERE r.status = :or_status AND (:all OR +r.system = 0)
                 ORDER BY 7 DESC, 1 LIMIT :limit OFFSET :offset"
            )
        ),
        (Some(_), None, _) => select_run!(
            "WHERE r.status = :status AND (:all OR +r.system = 0)
             ORDER BY r.created_at_ms DESC, r.run_id LIMIT :limit OFFSET :offset"
        ),
        (None, Some(_), _) => select_run!(
            "WHERE r.workflow_key = :workflow AND (:all OR +r.system = 0)
             ORDER BY r.created_at_ms DESC, r.run_id LIMIT :limit OFFSET :offset"
        ),
        (Some(_), Some(_), _) => select_run!(
            "WHERE r.workflow_key = :workflow AND +r.status IN (:status, :or_status)
               AND (:all OR +r.system = 0)
             ORDER BY r.created_at_ms DESC, r.run_id LIMIT :limit OFFSET :offset"
        ),
    }
}

impl RunReader for SqliteReader {
    fn run(&self, run: &RunId) -> ReadResult<Option<RunRow>> {
        let sql = select_run!("WHERE r.run_id = ?1");
        self.one(sql, [run.as_str()], run_row)
    }

    fn runs(&self, filter: &RunFilter) -> ReadResult<Vec<RunRow>> {
        let status = filter.status.map(RunStatus::as_str);
        let workflow = filter.workflow.as_ref().map(WorkflowKey::as_str);
        let (limit, offset) = (bound(filter.limit), bound(filter.offset));
        let mut params: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit), (":offset", &offset)];
        let parent = filter.parent.as_ref().map(RunId::as_str);
        let (any_status, any_workflow) = (status.is_none(), workflow.is_none());
        if parent.is_some() {
            params.push((":parent", &parent));
            params.push((":any_status", &any_status));
            params.push((":any_workflow", &any_workflow));
        }
        let or_status = filter.or_status.map(RunStatus::as_str);
        if status.is_some() || parent.is_some() {
            params.push((":status", &status));
        }
        let is_merged = or_status.is_some() && status.is_some();
        if is_merged || parent.is_some() || (status.is_some() && workflow.is_some()) {
            params.push((":or_status", &or_status));
        }
        if workflow.is_some() || parent.is_some() {
            params.push((":workflow", &workflow));
        }
        if params.len() > 2 {
            params.push((":all", &filter.include_system));
        }
        self.all(listing(filter), &*params, run_row)
    }

    fn run_ids_with_status(
        &self,
        status: RunStatus,
        after: Option<&RunId>,
        limit: usize,
    ) -> ReadResult<Vec<RunId>> {
        // Ids are not empty, so that the empty text comes before all of them.
        let after = after.map_or("", RunId::as_str);
        let sql = "SELECT run_id FROM _smithers_runs WHERE status = ?1 AND run_id > ?2
                   ORDER BY run_id LIMIT ?3";
        let params = (status.as_str(), after, bound(limit));
        self.all(sql, params, |row| run_id(row, 0))
    }

    fn last_of_chain(&self, run: &RunId) -> ReadResult<Option<RunId>> {
        let sql = "SELECT run_id FROM _smithers_continuations
                   WHERE first_run_id = coalesce(
                       (SELECT first_run_id FROM _smithers_continuations WHERE run_id = ?1), ?1)
                   ORDER BY depth DESC LIMIT 1";
        self.one(sql, [run.as_str()], |row| run_id(row, 0))
    }

    fn launch_by_key(&self, workflow: &WorkflowKey, key: &str) -> ReadResult<Option<RunId>> {
        let sql = "SELECT run_id FROM _smithers_launches
                   WHERE workflow_key = ?1 AND idempotency_key = ?2";
        self.one(sql, [workflow.as_str(), key], |row| run_id(row, 0))
    }

    fn state_counts(&self, run: &RunId) -> ReadResult<HashMap<NodeState, u64>> {
        // Counted here: SQLite would sort the rows to group them.
        let sql = "SELECT state FROM _smithers_nodes WHERE run_id = ?1";
        let states = self.all(sql, [run.as_str()], |row| {
            Ok(row.get::<_, Stored<NodeState>>(0)?.0)
        })?;
        let mut counts = HashMap::new();
        for state in states {
            *counts.entry(state).or_default() += 1;
        }
        Ok(counts)
    }

    fn active_runs(&self, limit: usize) -> ReadResult<Vec<RunRow>> {
        let mut active = Vec::new();
        for status in ACTIVE {
            active.extend(self.runs(&RunFilter {
                status: Some(status),
                limit,
                ..RunFilter::default()
            })?);
        }
        active.sort_by(|a, b| {
            let newest_first = b.created_at.cmp(&a.created_at);
            newest_first.then_with(|| a.run_id.cmp(&b.run_id))
        });
        active.truncate(limit);
        Ok(active)
    }
}

/// Statuses of runs that have not ended; each is one stretch of an index.
const ACTIVE: [RunStatus; 6] = [
    RunStatus::Running,
    RunStatus::WaitingApproval,
    RunStatus::WaitingEvent,
    RunStatus::WaitingTimer,
    RunStatus::WaitingQuota,
    RunStatus::Paused,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_a_run_that_has_not_ended_is_listed_as_active() {
        let listed = |status: RunStatus| match status {
            // A new status does not compile here until it is sorted.
            RunStatus::Running
            | RunStatus::WaitingApproval
            | RunStatus::WaitingEvent
            | RunStatus::WaitingTimer
            | RunStatus::WaitingQuota
            | RunStatus::Paused => ACTIVE.contains(&status),
            RunStatus::Finished
            | RunStatus::Failed
            | RunStatus::Cancelled
            | RunStatus::Continued => status.is_terminal() && !ACTIVE.contains(&status),
        };
        assert!(RunStatus::ALL.iter().copied().all(listed));
    }
}
