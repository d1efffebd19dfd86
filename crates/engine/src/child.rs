//! Subflows: tasks that stand for a run of their own (workflow-model 13.6).
//!
//! ```text
//!   FindChild ──► the child is started, or found ──► its result, as that of any task
//!       ▲                                       └──► ChildWaits: the run may park
//!       └── ChildMoved: it ended or went on ◄──────────┘
//! ```
//!
//! The id of a child is that of its task, so that looking for it again after a crash finds the one that was started, or
//! starts the one that was not. How it is tied to its parent says what another attempt of the task finds: its result,
//! or a run that goes on where it stopped, or from its start.

use serde_json::json;
use smithers_model::command::Command;
use smithers_model::event::{CancelReason, Event};
use smithers_model::node::AttemptState;
use smithers_model::run::RunStatus;
use smithers_model::step::{ChildTie, RowChange};
use smithers_model::tree::{TaskBody, TaskSpec};
use smithers_model::wait::WaitKind;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};

use crate::lifecycle::{TaskFact, TaskStatus};
use crate::node::Node;
use crate::refusal::Refusal;
use crate::state::RunState;

/// Field of an attempt's particulars that names the child.
const CHILD: &str = "childRunId";

/// What is stored of an attempt that stands for `child`.
pub(crate) fn meta(child: &RunId) -> RawJson {
    RawJson::of(&json!({ CHILD: child }))
}

/// The child that an attempt with the particulars `meta` stands for.
pub(crate) fn of_meta(meta: &RawJson) -> Option<RunId> {
    meta.value()[CHILD].as_str().map(RunId::from)
}

impl RunState {
    /// Starts the run of a subflow, once the step is committed.
    pub(crate) fn start_child(&mut self, task: &TaskSpec, now: Timestamp) {
        let child = self.child_id(&task.node);
        self.begin_attempt(task, Some(child), now);
        self.children_to_find.insert(task.node.clone());
    }

    /// The id of the child of a task, the same for all its attempts.
    fn child_id(&self, key: &NodeKey) -> RunId {
        let run = &self.run.run_id;
        RunId::new(format!("{run}:child:{}:{}", key.node_id, key.iteration))
    }

    /// Asks for every child that is to be looked at. While a frame is to come, what it says is waited for.
    pub(crate) fn find_children(&mut self) {
        let is_ready = self.is_pausing() || (self.frame.is_some() && self.renders.is_empty());
        if !is_ready || self.run.status != RunStatus::Running {
            return;
        }
        for key in std::mem::take(&mut self.children_to_find) {
            let Some((attempt, child)) = self.running_child(&key) else {
                continue;
            };
            let task = self.frame.as_ref().and_then(|frame| frame.find(&key));
            let spec = task.and_then(|task| match &task.body {
                TaskBody::Child(spec) => Some(spec.clone()),
                _ => None,
            });
            self.open.command(Command::FindChild {
                node: key,
                attempt,
                child,
                spec,
            });
        }
    }

    /// The attempt under way of a subflow and its child.
    fn running_child(&self, key: &NodeKey) -> Option<(u32, RunId)> {
        let node = self.nodes.get(key)?;
        match node.status {
            TaskStatus::Running { attempt } => Some((attempt, node.child.clone()?)),
            _ => None,
        }
    }

    /// The child waits for something outside, so its parent need not be kept open for it.
    pub(crate) fn child_waits(
        &mut self,
        key: &NodeKey,
        attempt: u32,
        kind: WaitKind,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.must_be_active()?;
        let is_current = self.running_child(key).is_some_and(|(no, _)| no == attempt);
        if is_current {
            self.running.remove(key);
            self.move_node(key, TaskFact::ChildWaits { kind }, now);
        }
        Ok(())
    }

    /// Something has happened in the child. A parked run goes on with it; a paused one looks when its pause ends.
    pub(crate) fn child_moved(
        &mut self,
        key: &NodeKey,
        child: &RunId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.must_be_active()?;
        let is_of = |node: &&Node| node.child.as_ref() == Some(child);
        let Some(node) = self.nodes.get(key).filter(is_of) else {
            return Ok(());
        };
        if let TaskStatus::ChildWaits(_) = node.status {
            let attempt = node.last_attempt;
            self.move_node(key, TaskFact::ChildMoved { attempt }, now);
            self.running.insert(key.clone());
            if !matches!(self.run.status, RunStatus::Running | RunStatus::Paused) {
                self.go_on(now);
            }
        }
        if self.running_child(key).is_some() {
            self.children_to_find.insert(key.clone());
        }
        Ok(())
    }

    /// Does not wait for the children under way; the run looks at them when it goes on.
    pub(crate) fn leave_children(&mut self, now: Timestamp) {
        for key in std::mem::take(&mut self.running) {
            let kind = WaitKind::Event;
            self.move_node(&key, TaskFact::ChildWaits { kind }, now);
        }
    }

    /// Looks at the children that the run does not wait for by itself, because its pause has ended: one may have moved
    /// meanwhile, or was never started.
    pub(crate) fn return_to_children(&mut self, now: Timestamp) {
        let waits = |node: &Node| matches!(node.status, TaskStatus::ChildWaits(_));
        let waiting = self.nodes.iter().filter(|(_, node)| waits(node));
        let waiting = waiting.map(|(key, node)| (key.clone(), node.last_attempt));
        for (key, attempt) in waiting.collect::<Vec<_>>() {
            self.move_node(&key, TaskFact::ChildMoved { attempt }, now);
            self.running.insert(key.clone());
            self.children_to_find.insert(key);
        }
    }

    /// Looks again at the children under way, because the run goes on.
    pub(crate) fn look_for_children(&mut self) {
        let running = self.running.iter();
        let children = running.filter(|key| self.nodes[*key].child.is_some());
        self.children_to_find.extend(children.cloned());
    }

    /// The run has the result of the attempt's child, if it stands for one.
    pub(crate) fn take_child(&mut self, key: &NodeKey) {
        if let Some(child) = self.nodes.get(key).and_then(|node| node.child.clone()) {
            let tie = ChildTie::Taken;
            self.open.change(RowChange::LetChildGo { child, tie });
        }
    }

    /// What the task came to is undone, so its child begins from its start when the task does.
    pub(crate) fn undo_child(&mut self, key: &NodeKey) {
        if let Some(child) = self.nodes.get(key).and_then(|node| node.child.clone()) {
            let tie = ChildTie::Undone;
            self.open.change(RowChange::LetChildGo { child, tie });
        }
    }

    /// Ends the child of an attempt that is cut off. Returns false when it has none.
    pub(crate) fn end_child(&mut self, key: &NodeKey) -> bool {
        let Some(child) = self.nodes.get(key).and_then(|node| node.child.clone()) else {
            return false;
        };
        self.open.change(RowChange::LetChildGo {
            child: child.clone(),
            tie: ChildTie::Unwanted,
        });
        self.open.command(Command::CancelChild { child });
        true
    }

    /// Ends the children that wait of the nodes that are `meant`.
    pub(crate) fn end_waiting_children(
        &mut self,
        meant: impl Fn(&NodeKey) -> bool,
        reason: CancelReason,
        now: Timestamp,
    ) {
        let waits = |status| matches!(status, TaskStatus::ChildWaits(_));
        let nodes = self.nodes.iter();
        let nodes = nodes.filter(|(key, node)| waits(node.status) && meant(key));
        for key in nodes.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.end_child(&key);
            self.move_node(&key, TaskFact::Cancelled, now);
            let attempt = self.put_attempt(&key, AttemptState::Cancelled);
            self.open.event(Event::NodeCancelled {
                node: key,
                attempt: Some(attempt),
                reason,
            });
        }
    }
}
