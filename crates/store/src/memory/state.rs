//! What the memory backend holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use smithers_model::approval::{Approval, ApprovalStatus, Precedent};
use smithers_model::audit::StoredDeployment;
use smithers_model::cache::CacheRow;
use smithers_model::continuation::Continuation;
use smithers_model::deletion::{Hold, Tombstone};
use smithers_model::delivery::Delivery;
use smithers_model::effect::ToolCall;
use smithers_model::event::StoredEvent;
use smithers_model::frame::{FrameRow, TreeContent};
use smithers_model::loops::LoopRow;
use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::rewind::{Branch, TimeTravelRow};
use smithers_model::run::RunRow;
use smithers_model::schedule::Schedule;
use smithers_model::score::{Score, Scoring, ScoringKey};
use smithers_model::signal::Signal;
use smithers_model::wait::Wait;
use smithers_model::workflow::ModuleRevision;
use smithers_model::{LoopId, NodeId, NodeKey, RunId, ScheduleId, Timestamp, WorkflowKey};

use super::effect::CallKey;
use super::past::Past;
use crate::commit::RunHead;
use crate::precheck::Current;
use crate::read::AuditEntry;
use crate::schema::{Cell, Schema};

/// All rows.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) launches: HashMap<(WorkflowKey, String), RunId>,
    pub(super) trees: HashMap<String, Arc<TreeContent>>,
    pub(super) modules: HashMap<String, ModuleRevision>,
    pub(super) deployments: Vec<StoredDeployment>,
    pub(super) audit: Vec<AuditEntry>,
    pub(super) holds: HashMap<RunId, Hold>,
    pub(super) tombstones: HashMap<RunId, Tombstone>,
    pub(super) schedules: BTreeMap<ScheduleId, Schedule>,
    pub(super) deliveries: BTreeMap<(WorkflowKey, String), Delivery>,
    pub(super) rewinds: Vec<TimeTravelRow>,
    pub(super) branches: Vec<Branch>,
    /// Results that are kept for others, by key.
    pub(super) cache: BTreeMap<String, CacheRow>,
    pub(super) schema: Schema,
    pub(super) last_position: u64,
    pub(super) state_version: u64,
}

impl State {
    /// The newest run of the chain that `run` belongs to.
    pub(super) fn last_of_chain(&self, run: &RunId) -> Option<RunId> {
        let known = self.runs.get(run);
        let first = known.map_or(run, |run| run.row.first_of_chain());
        let links = self.runs.values().filter_map(|run| {
            let link = run.row.chain.as_ref()?;
            (link.first == *first).then_some((link.depth, &run.row.run_id))
        });
        links.max().map(|(_, id)| id.clone())
    }
}

/// The rows of one run.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) row: RunRow,
    /// What it is told of the run before it.
    pub(super) continuation: Option<Continuation>,
    pub(super) nodes: BTreeMap<NodeKey, NodeRow>,
    pub(super) attempts: BTreeMap<(NodeKey, u32), AttemptRow>,
    /// Attempts whose due time wakes nobody, because the run is paused.
    pub(super) held: BTreeSet<(NodeKey, u32)>,
    pub(super) loops: BTreeMap<LoopId, LoopRow>,
    pub(super) signals: BTreeMap<u64, Signal>,
    pub(super) waits: BTreeMap<NodeKey, Wait>,
    /// Nodes whose wait wakes nobody, because the run is paused.
    pub(super) held_waits: BTreeSet<NodeKey>,
    pub(super) tool_calls: BTreeMap<CallKey, ToolCall>,
    /// Scorings, with what came of them.
    pub(super) scorings: BTreeMap<ScoringKey, (Scoring, Option<Score>)>,
    /// How many calls time travel has put aside.
    pub(super) archived_calls: u64,
    pub(super) approvals: BTreeMap<NodeKey, Approval>,
    /// Approvals that count no more and were not asked again.
    pub(super) withdrawn: BTreeMap<NodeKey, Approval>,
    /// When the next escalation or expiry of an approval is due.
    pub(super) lapses: BTreeMap<NodeKey, Timestamp>,
    pub(super) outputs: BTreeMap<(String, NodeKey), Output>,
    pub(super) outputs_completed: u64,
    pub(super) past: Past,
    pub(super) frames: BTreeMap<u64, FrameRow>,
    pub(super) events: Vec<StoredEvent>,
}

/// An output row: cells by column name, so that a table that has grown reads old rows with nulls.
#[derive(Clone)]
pub(super) struct Output {
    pub(super) completed: u64,
    pub(super) cells: HashMap<String, Cell>,
}

impl Run {
    /// Whether a subflow of `parent` has started it.
    pub(super) fn is_child_of(&self, parent: &RunId) -> bool {
        self.row.tie.is_some() && self.row.parent.as_ref() == Some(parent)
    }

    pub(super) fn new(row: RunRow) -> Self {
        Self {
            row,
            continuation: None,
            nodes: BTreeMap::new(),
            attempts: BTreeMap::new(),
            held: BTreeSet::new(),
            loops: BTreeMap::new(),
            signals: BTreeMap::new(),
            waits: BTreeMap::new(),
            held_waits: BTreeSet::new(),
            tool_calls: BTreeMap::new(),
            scorings: BTreeMap::new(),
            archived_calls: 0,
            approvals: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            lapses: BTreeMap::new(),
            outputs: BTreeMap::new(),
            outputs_completed: 0,
            past: Past::default(),
            frames: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// Attempts of one node, the first one first.
    pub(super) fn attempts_of<'a>(
        &'a self,
        node: &NodeKey,
    ) -> impl DoubleEndedIterator<Item = &'a AttemptRow> {
        self.attempts
            .range((node.clone(), 0)..=(node.clone(), u32::MAX))
            .map(|(_, attempt)| attempt)
    }

    /// Its approvals by the time they were asked for.
    pub(super) fn approvals_in_order(&self) -> Vec<Approval> {
        let mut approvals: Vec<Approval> = self.approvals.values().cloned().collect();
        approvals.sort_by_key(|approval| (approval.requested_at, approval.node.clone()));
        approvals
    }

    /// What people decided about a node in all its iterations.
    pub(super) fn precedents(&self, node: &NodeId) -> impl Iterator<Item = Precedent> {
        let of_node = self.approvals.values();
        let of_node = of_node.filter(move |approval| approval.node.node_id == *node);
        of_node
            .filter(|approval| !approval.auto_approved)
            .filter_map(|approval| {
                let decision = approval.decision.as_ref()?;
                Some(Precedent {
                    run_id: approval.run_id.clone(),
                    iteration: approval.node.iteration,
                    approved: decision.approved,
                    decided_by: decision.decided_by.clone(),
                    decided_at: decision.decided_at,
                })
            })
    }

    /// When its next attempts, escalations and expiries are due, its waits end, and it ends itself.
    pub(super) fn due_times(&self) -> impl Iterator<Item = Timestamp> {
        let retries = self
            .attempts
            .iter()
            .filter(|(key, _)| !self.held.contains(key))
            .filter_map(|(_, attempt)| attempt.retry_at);
        let waits = self.waits.values();
        let waits = waits.filter(|wait| !self.held_waits.contains(&wait.node));
        let waits = waits.filter_map(|wait| wait.due);
        let lapses = self.lapses.values().copied();
        retries.chain(lapses).chain(waits).chain(self.row.ends_at())
    }
}

impl Current for State {
    type Error = std::convert::Infallible;

    fn head(&self, run: &RunId) -> Result<Option<RunHead>, Self::Error> {
        Ok(self.runs.get(run).map(|run| RunHead {
            epoch: run.row.epoch,
            next_seq: run.row.next_seq,
            next_stream_seq: run.row.next_stream_seq,
        }))
    }

    fn deleted_at(&self, run: &RunId) -> Result<Option<Timestamp>, Self::Error> {
        Ok(self.tombstones.get(run).map(|left| left.deleted_at))
    }

    fn approval(&self, run: &RunId, node: &NodeKey) -> Result<Option<ApprovalStatus>, Self::Error> {
        let approval = self.runs.get(run).and_then(|run| run.approvals.get(node));
        Ok(approval.map(Approval::status))
    }

    fn schedule(&self, id: &ScheduleId) -> Result<Option<Schedule>, Self::Error> {
        Ok(self.schedules.get(id).cloned())
    }

    fn launch(&self, workflow: &WorkflowKey, key: &str) -> Result<Option<RunId>, Self::Error> {
        let key = (workflow.clone(), key.to_owned());
        Ok(self.launches.get(&key).cloned())
    }
}
