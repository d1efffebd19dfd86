//! Reading from memory.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use smithers_model::agent::TokenUsage;
use smithers_model::approval::{Approval, Precedent};
use smithers_model::audit::StoredDeployment;
use smithers_model::event::StoredEvent;
use smithers_model::frame::{FrameRow, TreeContent};
use smithers_model::loops::LoopRow;
use smithers_model::node::{AttemptRow, NodeRow, NodeState};
use smithers_model::output::OutputRow;
use smithers_model::rows::RunRows;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::signal::{Signal, SignalAddress};
use smithers_model::step::ChildTie;
use smithers_model::wait::{Wait, WaitKind};
use smithers_model::workflow::ModuleRevision;
use smithers_model::{NodeKey, RunId, Timestamp, WorkflowKey};

use super::state::{Output, Run, State};
use crate::read::{
    ApprovalFilter, ApprovalReader, AuditEntry, AuditReader, ChildReader, DeploymentReader,
    DueReader, EventReader, FrameReader, LoopReader, MOST_PASSED_OVER, ModuleReader, NodeReader,
    OutputReader, PendingApproval, PrecedentFilter, ReadResult, Reader, RunFilter, RunReader,
    SignalReader, WaitReader,
};
use crate::schema::Cell;

pub(super) struct MemoryReader(pub(super) Arc<RwLock<State>>);

impl MemoryReader {
    /// Looks at a run; the default value when it does not exist.
    pub(super) fn run_or_default<T: Default>(
        &self,
        run: &RunId,
        look: impl FnOnce(&State, &Run) -> T,
    ) -> T {
        let state = self.0.read();
        let run = state.runs.get(run);
        run.map(|run| look(&state, run)).unwrap_or_default()
    }
}

impl RunReader for MemoryReader {
    fn run(&self, run: &RunId) -> ReadResult<Option<RunRow>> {
        Ok(self.run_or_default(run, |_, run| Some(run.row.clone())))
    }

    fn runs(&self, filter: &RunFilter) -> ReadResult<Vec<RunRow>> {
        let state = self.0.read();
        let wanted = |row: &&RunRow| {
            (filter.include_system || !row.system)
                && filter.has_status(row.status)
                && (filter.parent.is_none() || row.parent == filter.parent)
                && filter
                    .workflow
                    .as_ref()
                    .is_none_or(|key| row.workflow_key == *key)
        };
        let rows = state.newest_first(wanted);
        Ok(rows
            .skip(filter.offset)
            .take(filter.limit)
            .cloned()
            .collect())
    }

    fn run_ids_with_status(
        &self,
        status: RunStatus,
        after: Option<&RunId>,
        limit: usize,
    ) -> ReadResult<Vec<RunId>> {
        let state = self.0.read();
        let rows = state.runs.values().map(|run| &run.row);
        let wanted = rows
            .filter(|row| row.status == status && after.is_none_or(|after| row.run_id > *after));
        Ok(wanted.map(|row| row.run_id.clone()).take(limit).collect())
    }

    fn last_of_chain(&self, run: &RunId) -> ReadResult<Option<RunId>> {
        Ok(self.0.read().last_of_chain(run))
    }

    fn launch_by_key(&self, workflow: &WorkflowKey, key: &str) -> ReadResult<Option<RunId>> {
        let key = (workflow.clone(), key.to_owned());
        Ok(self.0.read().launches.get(&key).cloned())
    }

    fn state_counts(&self, run: &RunId) -> ReadResult<HashMap<NodeState, u64>> {
        Ok(self.run_or_default(run, |_, run| {
            let mut counts = HashMap::new();
            for node in run.nodes.values() {
                *counts.entry(node.state).or_default() += 1;
            }
            counts
        }))
    }

    fn active_runs(&self, limit: usize) -> ReadResult<Vec<RunRow>> {
        let state = self.0.read();
        let rows = state.newest_first(|row| !row.system && !row.status.is_terminal());
        Ok(rows.take(limit).cloned().collect())
    }
}

impl State {
    fn newest_first(&self, wanted: impl Fn(&&RunRow) -> bool) -> impl Iterator<Item = &RunRow> {
        let rows = self.runs.values().map(|run| &run.row);
        let mut rows: Vec<&RunRow> = rows.filter(wanted).collect();
        rows.sort_by_key(|row| (Reverse(row.created_at), row.run_id.clone()));
        rows.into_iter()
    }

    pub(super) fn decode(&self, key: &str, node: &NodeKey, output: &Output) -> Option<OutputRow> {
        let table = self.schema.table(key)?;
        let cell = |name: &String| output.cells.get(name).cloned().unwrap_or(Cell::Null);
        Some(OutputRow {
            table: key.to_owned(),
            node: node.clone(),
            payload: table.decode(table.columns.iter().map(|column| cell(&column.name))),
        })
    }

    fn outputs_of(&self, run: &Run) -> Vec<OutputRow> {
        let mut rows: Vec<_> = run.outputs.iter().collect();
        rows.sort_by_key(|(_, output)| output.completed);
        let decode =
            |((key, node), output): (&(String, NodeKey), &Output)| self.decode(key, node, output);
        rows.into_iter().filter_map(decode).collect()
    }
}

impl NodeReader for MemoryReader {
    fn nodes(&self, run: &RunId) -> ReadResult<Vec<NodeRow>> {
        Ok(self.run_or_default(run, |_, run| run.nodes.values().cloned().collect()))
    }

    fn newest_nodes(&self, run: &RunId) -> ReadResult<Vec<NodeRow>> {
        let mut rows = self.nodes(run)?;
        rows.reverse();
        rows.dedup_by(|older, newer| older.node.node_id == newer.node.node_id);
        rows.reverse();
        Ok(rows)
    }

    fn node(&self, run: &RunId, node: &NodeKey) -> ReadResult<Option<NodeRow>> {
        Ok(self.run_or_default(run, |_, run| run.nodes.get(node).cloned()))
    }

    fn attempts(&self, run: &RunId) -> ReadResult<Vec<AttemptRow>> {
        Ok(self.run_or_default(run, |_, run| run.attempts.values().cloned().collect()))
    }

    fn attempts_of(&self, run: &RunId, node: &NodeKey) -> ReadResult<Vec<AttemptRow>> {
        Ok(self.run_or_default(run, |_, run| run.attempts_of(node).cloned().collect()))
    }
}

impl LoopReader for MemoryReader {
    fn loops(&self, run: &RunId) -> ReadResult<Vec<LoopRow>> {
        Ok(self.run_or_default(run, |_, run| run.loops.values().cloned().collect()))
    }
}

impl WaitReader for MemoryReader {
    fn waits(&self, run: &RunId) -> ReadResult<Vec<Wait>> {
        Ok(self.run_or_default(run, |_, run| run.waits.values().cloned().collect()))
    }

    fn next_wait(&self, run: &RunId, kind: WaitKind) -> ReadResult<Option<Wait>> {
        Ok(self.run_or_default(run, |_, run| {
            let of_kind = run.waits.values().filter(|wait| wait.cause.kind() == kind);
            of_kind
                .min_by_key(|wait| (wait.due.is_none(), wait.due))
                .cloned()
        }))
    }

    fn runs_waiting_for(&self, signal: &SignalAddress, limit: usize) -> ReadResult<Vec<RunId>> {
        let state = self.0.read();
        let waits = |run: &&Run| {
            let mut waits = run.waits.values();
            waits.any(|wait| wait.cause.address() == Some(signal))
        };
        let runs = state.runs.values().filter(waits);
        Ok(runs.map(|run| run.row.run_id.clone()).take(limit).collect())
    }
}

impl SignalReader for MemoryReader {
    fn signals(&self, run: &RunId) -> ReadResult<Vec<Signal>> {
        Ok(self.run_or_default(run, |_, run| run.signals.values().cloned().collect()))
    }
}

impl ApprovalReader for MemoryReader {
    fn pending(&self, filter: &ApprovalFilter) -> ReadResult<Vec<PendingApproval>> {
        let state = self.0.read();
        let runs = state.runs.values().filter(|run| {
            filter.run.as_ref().is_none_or(|id| run.row.run_id == *id)
                && filter
                    .workflow
                    .as_ref()
                    .is_none_or(|key| run.row.workflow_key == *key)
        });
        let mut pending: Vec<_> = runs
            .flat_map(|run| run.approvals.values().map(|a| (&run.row.workflow_key, a)))
            .filter(|(_, approval)| approval.decision.is_none())
            .collect();
        pending.sort_by_key(|(_, a)| (a.requested_at, a.run_id.clone(), a.node.clone()));
        let row = |(key, approval): (&WorkflowKey, &Approval)| PendingApproval {
            workflow_key: key.clone(),
            approval: approval.clone(),
        };
        Ok(pending.into_iter().take(filter.limit).map(row).collect())
    }

    fn approvals(&self, run: &RunId) -> ReadResult<Vec<Approval>> {
        Ok(self.run_or_default(run, |_, run| run.approvals_in_order()))
    }

    fn precedents(&self, of: &PrecedentFilter) -> ReadResult<Vec<Precedent>> {
        let state = self.0.read();
        let runs = state.runs.values();
        let runs = runs.filter(|run| run.row.workflow_key == of.workflow);
        let of_run = |run: &Run| {
            let name = run.row.workflow_name.clone();
            let found = run.precedents(&of.node);
            found
                .map(move |found| (found, name.clone()))
                .collect::<Vec<_>>()
        };
        let mut decided: Vec<_> = runs.flat_map(of_run).collect();
        decided.sort_by_key(|(found, _)| {
            Reverse((found.decided_at, found.run_id.clone(), found.iteration))
        });
        decided.truncate(of.most.saturating_add(MOST_PASSED_OVER));
        Ok(of.pick(decided))
    }

    fn approval(&self, run: &RunId, node: &NodeKey) -> ReadResult<Option<Approval>> {
        Ok(self.run_or_default(run, |_, run| run.approvals.get(node).cloned()))
    }
}

impl EventReader for MemoryReader {
    fn visible_events(
        &self,
        run: &RunId,
        after_stream_seq: u64,
        limit: usize,
    ) -> ReadResult<Vec<StoredEvent>> {
        let later = |event: &&StoredEvent| event.stream_seq.is_some_and(|n| n > after_stream_seq);
        Ok(self.run_or_default(run, |_, run| {
            run.events
                .iter()
                .filter(later)
                .take(limit)
                .cloned()
                .collect()
        }))
    }

    fn events(
        &self,
        run: &RunId,
        after_seq: Option<u64>,
        limit: usize,
    ) -> ReadResult<Vec<StoredEvent>> {
        let later = |event: &&StoredEvent| after_seq.is_none_or(|after| event.seq > after);
        Ok(self.run_or_default(run, |_, run| {
            run.events
                .iter()
                .filter(later)
                .take(limit)
                .cloned()
                .collect()
        }))
    }

    fn token_usage(&self, run: &RunId) -> ReadResult<Vec<StoredEvent>> {
        Ok(self.run_or_default(run, |_, run| {
            let is_usage = |event: &&StoredEvent| event.type_name == TokenUsage::EVENT;
            run.events.iter().filter(is_usage).cloned().collect()
        }))
    }

    fn tokens(&self, run: &RunId) -> ReadResult<u64> {
        Ok(self.run_or_default(run, |_, run| tokens_of(run)))
    }

    fn newest_event(&self, run: &RunId) -> ReadResult<Option<StoredEvent>> {
        Ok(self.run_or_default(run, |_, run| run.events.last().cloned()))
    }

    fn state_version(&self) -> ReadResult<u64> {
        Ok(self.0.read().state_version)
    }
}

impl OutputReader for MemoryReader {
    fn outputs(&self, run: &RunId) -> ReadResult<Vec<OutputRow>> {
        Ok(self.run_or_default(run, State::outputs_of))
    }

    fn output(&self, run: &RunId, table: &str, node: &NodeKey) -> ReadResult<Option<OutputRow>> {
        Ok(self.run_or_default(run, |state, run| {
            let output = run.outputs.get(&(table.to_owned(), node.clone()))?;
            state.decode(table, node, output)
        }))
    }
}

impl FrameReader for MemoryReader {
    fn frame(&self, run: &RunId, frame_no: u64) -> ReadResult<Option<FrameRow>> {
        Ok(self.run_or_default(run, |_, run| run.frames.get(&frame_no).cloned()))
    }

    fn frames(&self, run: &RunId, after: u64, limit: usize) -> ReadResult<Vec<FrameRow>> {
        Ok(self.run_or_default(run, |_, run| {
            let newest = run.frames.values().rev();
            let later = newest.take_while(|frame| frame.frame_no > after);
            later.take(limit).cloned().collect()
        }))
    }

    fn latest_frame(&self, run: &RunId) -> ReadResult<Option<FrameRow>> {
        Ok(self.run_or_default(run, |_, run| run.frames.values().next_back().cloned()))
    }

    fn tree(&self, hash: &str) -> ReadResult<Option<TreeContent>> {
        Ok(self.0.read().trees.get(hash).map(|tree| (**tree).clone()))
    }
}

impl DueReader for MemoryReader {
    fn next_due(&self, after: Timestamp) -> ReadResult<Option<Timestamp>> {
        let state = self.0.read();
        let times = state.runs.values().flat_map(Run::due_times);
        Ok(times.filter(|due| *due > after).min())
    }

    fn due_runs(&self, now: Timestamp, limit: usize) -> ReadResult<Vec<RunId>> {
        let state = self.0.read();
        let mut due: Vec<_> = state
            .runs
            .iter()
            .filter_map(|(id, run)| run.due_times().min().map(|at| (at, id)))
            .filter(|(at, _)| *at <= now)
            .collect();
        due.sort();
        Ok(due
            .into_iter()
            .take(limit)
            .map(|(_, id)| id.clone())
            .collect())
    }
}

impl MemoryReader {
    fn children(
        &self,
        after: Option<&RunId>,
        limit: usize,
        wanted: impl Fn(&Run) -> bool,
    ) -> Vec<RunId> {
        let state = self.0.read();
        let later = |id: &RunId| after.is_none_or(|after| id > after);
        let runs = state.runs.iter();
        runs.filter(|(id, run)| later(id) && wanted(run))
            .map(|(id, _)| id.clone())
            .take(limit)
            .collect()
    }
}

impl ChildReader for MemoryReader {
    fn ended_children(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>> {
        Ok(self.children(after, limit, |run| {
            run.row.tie == Some(ChildTie::Awaited) && run.row.finished_at.is_some()
        }))
    }

    fn live_children(&self, run: &RunId, limit: usize) -> ReadResult<Vec<RunId>> {
        Ok(self.children(None, limit, |child| {
            child.is_child_of(run) && child.row.finished_at.is_none()
        }))
    }

    fn unwanted_children(&self, after: Option<&RunId>, limit: usize) -> ReadResult<Vec<RunId>> {
        Ok(self.children(after, limit, |run| {
            run.row.tie == Some(ChildTie::Unwanted) && run.row.finished_at.is_none()
        }))
    }
}

impl ModuleReader for MemoryReader {
    fn module_graph(&self, hash: &str) -> ReadResult<Option<ModuleRevision>> {
        Ok(self.0.read().modules.get(hash).cloned())
    }
}

impl DeploymentReader for MemoryReader {
    fn newest_deployment(&self) -> ReadResult<Option<StoredDeployment>> {
        Ok(self.0.read().deployments.last().cloned())
    }
}

impl AuditReader for MemoryReader {
    fn audit(&self, after_seq: u64, limit: usize) -> ReadResult<Vec<AuditEntry>> {
        let state = self.0.read();
        let later = state.audit.iter().filter(|entry| entry.seq > after_seq);
        Ok(later.take(limit).cloned().collect())
    }

    fn last_audit(&self) -> ReadResult<Option<AuditEntry>> {
        Ok(self.0.read().audit.last().cloned())
    }

    fn newest_audit(&self, kind: &str, outcome: &str) -> ReadResult<Option<AuditEntry>> {
        let state = self.0.read();
        let is_meant =
            |entry: &&AuditEntry| entry.record.kind == kind && entry.record.outcome == outcome;
        Ok(state.audit.iter().rev().find(is_meant).cloned())
    }
}

impl Reader for MemoryReader {
    fn load_run(&self, run: &RunId) -> ReadResult<Option<RunRows>> {
        Ok(self.run_or_default(run, |state, run| {
            let approvals = run.approvals_in_order();
            Some(RunRows {
                row: run.row.clone(),
                continuation: run.continuation.clone(),
                nodes: run.nodes.values().cloned().collect(),
                attempts: run.attempts.values().cloned().collect(),
                loops: run.loops.values().cloned().collect(),
                waits: run.waits.values().cloned().collect(),
                effects: run.open_effects(),
                scorings: run.open_scorings(),
                signals: run.signals.values().cloned().collect(),
                approvals,
                outputs: state.outputs_of(run),
                tokens: tokens_of(run),
            })
        }))
    }
}

fn tokens_of(run: &Run) -> u64 {
    let is_usage = |event: &&StoredEvent| event.type_name == TokenUsage::EVENT;
    let told = run.events.iter().filter(is_usage);
    let read = told.filter_map(|event| serde_json::from_str(event.payload.as_str()).ok());
    read.map(|usage: TokenUsage| usage.total())
        .fold(0, u64::saturating_add)
}
