//! What a run remembers of a node: its status and its attempts, and how both are stored.

use smithers_model::cache::CacheFill;
use smithers_model::error::ErrorInfo;
use smithers_model::node::{AttemptRow, AttemptState, Heartbeat, NodeRow, NodeState};
use smithers_model::proof::Proof;
use smithers_model::score::ScorerSpec;
use smithers_model::tree::{TaskBody, TaskSpec};
use smithers_model::wait::WaitKind;
use smithers_model::worktree::KeptFiles;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};

use crate::child;
use crate::lifecycle::{TaskFact, TaskStatus};
use crate::quota;

/// A node that the run has come to know.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it stands.
    pub(crate) status: TaskStatus,
    /// Number of the newest attempt; 0 before the first.
    pub(crate) last_attempt: u32,
    /// Attempts that failed; those that were cut off do not count.
    pub(crate) failures: u32,
    /// When the newest attempt was dispatched.
    pub(crate) started_at: Timestamp,
    /// Why the newest attempt failed.
    pub(crate) error: Option<ErrorInfo>,
    /// The newest sign of life of the newest attempt.
    pub(crate) heartbeat: Option<Heartbeat>,
    /// What any attempt told last with a heartbeat, for the next one.
    pub(crate) told: Option<RawJson>,
    /// Particulars of the newest attempt.
    pub(crate) meta: Option<RawJson>,
    /// The result of the newest attempt was taken over.
    pub(crate) cached: bool,
    /// What the result of the newest attempt is kept as.
    pub(crate) fill: Option<Box<CacheFill>>,
    /// Who looks at the result of the newest attempt.
    pub(crate) scorers: Vec<ScorerSpec>,
    /// What was kept of the files around the newest attempt.
    pub(crate) files: Option<KeptFiles>,
    /// It waits for a signal: where it ends well it has no event.
    pub(crate) is_silent: bool,
    /// The run that the newest attempt stands for.
    pub(crate) child: Option<RunId>,
    /// The rows that it is bound to.
    pub(crate) bound: Option<Vec<Proof>>,
    /// Schema key of its output table.
    pub(crate) output_table: String,
    label: Option<String>,
    updated_at: Timestamp,
}

impl Node {
    /// A node that a frame mounts for the first time.
    pub(crate) fn new(task: &TaskSpec, now: Timestamp) -> Self {
        Self {
            status: TaskStatus::Pending,
            last_attempt: 0,
            failures: 0,
            started_at: now,
            error: None,
            heartbeat: None,
            told: None,
            child: None,
            meta: None,
            cached: false,
            fill: None,
            scorers: Vec::new(),
            files: None,
            is_silent: false,
            bound: None,
            output_table: task.output_table.clone(),
            label: task.label.clone(),
            updated_at: now,
        }
    }

    /// A node whose result came from the run before this one: it has no attempt.
    pub(crate) fn finished(task: &TaskSpec, now: Timestamp) -> Self {
        Self {
            status: TaskStatus::Finished,
            ..Self::new(task, now)
        }
    }

    /// Reads a node back; `attempts` are those of this node, in any order.
    pub(crate) fn load<'a>(row: NodeRow, attempts: impl Iterator<Item = &'a AttemptRow>) -> Self {
        let mut node = Self {
            status: TaskStatus::Pending,
            last_attempt: row.last_attempt.unwrap_or(0),
            failures: 0,
            started_at: row.updated_at,
            error: None,
            heartbeat: None,
            told: None,
            child: None,
            meta: None,
            cached: false,
            fill: None,
            scorers: Vec::new(),
            files: None,
            is_silent: row.state == NodeState::WaitingEvent,
            bound: row.bound,
            output_table: row.output_table.unwrap_or_default(),
            label: row.label,
            updated_at: row.updated_at,
        };
        let mut newest: Option<&AttemptRow> = None;
        let mut told: Option<(u32, &RawJson)> = None;
        for attempt in attempts {
            let of_quota = attempt.error.as_ref().is_some_and(quota::is_exceeded);
            node.failures += u32::from(attempt.state == AttemptState::Failed && !of_quota);
            let data = attempt
                .heartbeat
                .as_ref()
                .and_then(|beat| beat.data.as_ref());
            if let Some(data) = data
                && told.is_none_or(|(of, _)| of < attempt.attempt)
            {
                told = Some((attempt.attempt, data));
            }
            if newest.is_none_or(|known| known.attempt < attempt.attempt) {
                newest = Some(attempt);
            }
        }
        if let Some(newest) = newest {
            node.last_attempt = node.last_attempt.max(newest.attempt);
            node.started_at = newest.started_at;
            node.error.clone_from(&newest.error);
            node.heartbeat.clone_from(&newest.heartbeat);
            node.meta.clone_from(&newest.meta);
            node.cached = newest.cached;
            node.files.clone_from(&newest.files);
            node.child = newest.meta.as_ref().and_then(child::of_meta);
        }
        node.told = told.map(|(_, data)| data.clone());
        node.status = status_of(row.state, node.last_attempt, newest);
        node
    }

    /// Moves the node. The caller offers only moves that the diagram has: facts from outside are checked
    /// against the status before they come here.
    pub(crate) fn apply(&mut self, fact: TaskFact, now: Timestamp) {
        self.status = self
            .status
            .after(fact)
            .expect("only moves of the diagram are offered");
        self.updated_at = now;
        let begun = match fact {
            TaskFact::Started { attempt } => attempt,
            TaskFact::Waits { attempt, .. } => attempt,
            _ => return,
        };
        if begun > self.last_attempt {
            self.last_attempt = begun;
            self.started_at = now;
            self.error = None;
            self.heartbeat = None;
            self.meta = None;
            self.cached = false;
            self.fill = None;
            self.scorers.clear();
            self.files = None;
        }
    }

    /// The newest attempt is alive; what it tells replaces what was told before. Returns when it was alive last.
    pub(crate) fn beat(&mut self, data: Option<RawJson>, now: Timestamp) -> Option<Timestamp> {
        let before = self.heartbeat.take();
        let last = before.as_ref().map(|beat| beat.at);
        if let Some(data) = &data {
            self.told = Some(data.clone());
        }
        let data = data.or(before.and_then(|beat| beat.data));
        self.heartbeat = Some(Heartbeat { at: now, data });
        last
    }

    /// When its status changed last.
    pub(crate) fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// When its newest attempt was dispatched; of a node without attempts, when it came to what it is.
    pub(crate) fn began_at(&self) -> Timestamp {
        match self.last_attempt {
            0 => self.updated_at,
            _ => self.started_at,
        }
    }

    /// Takes over what the newest frame says about the node.
    pub(crate) fn describe(&mut self, task: &TaskSpec) {
        self.is_silent = matches!(task.body, TaskBody::Event(_));
        self.output_table.clone_from(&task.output_table);
        self.label.clone_from(&task.label);
    }

    /// The node as stored.
    pub(crate) fn row(&self, node: &NodeKey) -> NodeRow {
        NodeRow {
            node: node.clone(),
            state: self.status.stored(),
            last_attempt: (self.last_attempt > 0).then_some(self.last_attempt),
            updated_at: self.updated_at,
            output_table: Some(self.output_table.clone()),
            label: self.label.clone(),
            bound: self.bound.clone(),
        }
    }

    /// The newest attempt as stored, in `state`.
    pub(crate) fn attempt_row(&self, node: &NodeKey, state: AttemptState) -> AttemptRow {
        let retry_at = match self.status {
            TaskStatus::Backoff { due } => Some(due),
            _ => None,
        };
        AttemptRow {
            node: node.clone(),
            attempt: self.last_attempt,
            state,
            started_at: self.started_at,
            finished_at: has_ended(state).then_some(self.updated_at),
            error: self.error.clone(),
            retry_at,
            heartbeat: self.heartbeat.clone(),
            meta: self.meta.clone(),
            cached: self.cached,
            files: self.files.clone(),
        }
    }
}

fn has_ended(state: AttemptState) -> bool {
    matches!(
        state,
        AttemptState::Finished | AttemptState::Failed | AttemptState::Cancelled
    )
}

fn status_of(state: NodeState, last_attempt: u32, newest: Option<&AttemptRow>) -> TaskStatus {
    let stands_for_child = newest.is_some_and(|attempt| {
        let is_open = attempt.state == AttemptState::InProgress;
        is_open && attempt.meta.as_ref().and_then(child::of_meta).is_some()
    });
    let waiting = |kind| match stands_for_child {
        true => TaskStatus::ChildWaits(kind),
        false => TaskStatus::Waiting(kind),
    };
    match state {
        NodeState::Pending => match newest.and_then(|attempt| attempt.retry_at) {
            Some(due) => TaskStatus::Backoff { due },
            None => TaskStatus::Pending,
        },
        NodeState::InProgress => TaskStatus::Running {
            attempt: last_attempt,
        },
        NodeState::WaitingApproval => waiting(WaitKind::Approval),
        NodeState::WaitingEvent => waiting(WaitKind::Event),
        NodeState::WaitingTimer => waiting(WaitKind::Timer),
        NodeState::WaitingQuota => waiting(WaitKind::Quota),
        NodeState::WaitingBound => waiting(WaitKind::Bound),
        NodeState::BoundStale => waiting(WaitKind::Stale),
        NodeState::Finished => TaskStatus::Finished,
        NodeState::Failed => TaskStatus::Failed,
        NodeState::Skipped => TaskStatus::Skipped,
        NodeState::Cancelled => TaskStatus::Cancelled,
    }
}
