//! Waits of a run: how each begins and ends, whatever it is for. What one means is in the file of its kind.

use smithers_model::command::Command;
use smithers_model::event::{CancelReason, Event};
use smithers_model::node::AttemptState;
use smithers_model::planted::{Bug, planted};
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::tree::{TaskBody, TaskSpec};
use smithers_model::wait::{Wait, WaitCause, WaitKind};
use smithers_model::{NodeKey, Timestamp};

use crate::frame::Frame;
use crate::lifecycle::{TaskFact, TaskStatus};
use crate::state::RunState;

/// In which status a run is parked that waits for several things: a point in time comes by itself, people come
/// before machines, a quota comes last.
const PARKED_FOR: [(WaitKind, RunStatus); 4] = [
    (WaitKind::Timer, RunStatus::WaitingTimer),
    (WaitKind::Approval, RunStatus::WaitingApproval),
    (WaitKind::Event, RunStatus::WaitingEvent),
    (WaitKind::Quota, RunStatus::WaitingQuota),
];

impl RunState {
    /// Makes a node wait. A wait for a decision, a quota or a row is none of its attempts.
    pub(crate) fn begin_to_wait(&mut self, node: &NodeKey, kind: WaitKind, now: Timestamp) {
        let last = self.nodes[node].last_attempt;
        let attempt = match kind {
            WaitKind::Approval | WaitKind::Quota | WaitKind::Bound | WaitKind::Stale => last,
            WaitKind::Event | WaitKind::Timer => last + 1,
        };
        self.move_node(node, TaskFact::Waits { kind, attempt }, now);
    }

    /// Begins what a task does that only waits.
    pub(crate) fn wait(&mut self, task: &TaskSpec, now: Timestamp) {
        match &task.body {
            TaskBody::Timer(spec) => self.begin_timer(task, spec, now),
            TaskBody::Event(spec) => self.listen(task, spec, now),
            TaskBody::Static(_)
            | TaskBody::Compute(_)
            | TaskBody::Decision
            | TaskBody::Answer(_)
            | TaskBody::Child(_) => {}
        }
    }

    /// Stores for what a node waits. The owner is asked back when that ends by itself.
    pub(crate) fn store_wait(&mut self, mut wait: Wait) {
        if planted(Bug::WaitEndsEarly) && wait.due.is_some() {
            wait.due = Some(wait.since);
        }
        if let Some(due) = wait.due {
            self.open.command(Command::WakeAt(due));
        }
        self.open.change(RowChange::BeginWait(wait.clone()));
        self.waits.insert(wait.node.clone(), wait);
    }

    /// Forgets for what a node waited, and returns it.
    pub(crate) fn forget_wait(&mut self, node: &NodeKey) -> Option<Wait> {
        let wait = self.waits.remove(node)?;
        self.open.change(RowChange::EndWait(node.clone()));
        Some(wait)
    }

    /// Ends every wait whose time has come, as far as the step has room; the rest stays due. The most overdue one
    /// comes first. None ends while the run is paused or about to be.
    pub(crate) fn end_due_waits(&mut self, now: Timestamp) {
        if self.run.status == RunStatus::Paused || self.is_pausing() {
            return;
        }
        let is_due = |wait: &&Wait| wait.due.is_some_and(|due| due <= now);
        let mut due: Vec<&Wait> = self.waits.values().filter(is_due).collect();
        due.sort_by_key(|wait| wait.due);
        let due: Vec<NodeKey> = due.into_iter().map(|wait| wait.node.clone()).collect();
        for node in due {
            if self.open.is_full() || self.run.status.is_terminal() {
                break;
            }
            if let Some(wait) = self.forget_wait(&node) {
                self.end_due_wait(wait, now);
            }
        }
    }

    fn end_due_wait(&mut self, wait: Wait, now: Timestamp) {
        match wait.cause {
            WaitCause::Timer => self.fire(&wait, now),
            WaitCause::Event {
                on_timeout, tagged, ..
            } => self.time_out(&wait, on_timeout, tagged, now),
            WaitCause::Quota => self.restore(&wait.node, now),
        }
    }

    /// Ends every wait because the run ends or goes on without it; approvals are denied with `note`.
    pub(crate) fn end_waits(&mut self, reason: CancelReason, note: &str, now: Timestamp) {
        self.end_waits_of(|_| true, reason, note, now);
    }

    /// Ends the waits of the nodes that are `meant`; approvals are denied with `note`.
    pub(crate) fn end_waits_of(
        &mut self,
        meant: impl Fn(&NodeKey) -> bool,
        reason: CancelReason,
        note: &str,
        now: Timestamp,
    ) {
        self.end_waiting_children(&meant, reason, now);
        let kind_of = |status| match status {
            TaskStatus::Waiting(kind) => Some(kind),
            _ => None,
        };
        let nodes = self.nodes.iter();
        let waiting = nodes.filter_map(|(key, node)| Some((key.clone(), kind_of(node.status)?)));
        let waiting = waiting.filter(|(key, _)| meant(key));
        for (node, kind) in waiting.collect::<Vec<_>>() {
            self.move_node(&node, TaskFact::Cancelled, now);
            self.forget_wait(&node);
            let attempt = match kind {
                WaitKind::Approval | WaitKind::Quota | WaitKind::Bound | WaitKind::Stale => None,
                WaitKind::Event | WaitKind::Timer => {
                    Some(self.put_attempt(&node, AttemptState::Cancelled))
                }
            };
            if kind == WaitKind::Timer {
                self.open.event(Event::TimerCancelled {
                    timer_id: node.node_id.clone(),
                });
            }
            self.open.event(Event::NodeCancelled {
                node: node.clone(),
                attempt,
                reason,
            });
            if kind == WaitKind::Approval {
                self.deny_ended(&node, note, now);
            }
        }
    }

    /// The status in which a run is parked that only waits.
    pub(crate) fn parked_status(&self, frame: &Frame) -> RunStatus {
        let tasks = frame.tasks().iter().map(|&index| frame.task(index));
        let nodes = tasks.filter_map(|task| self.nodes.get(&task.node));
        let found: Vec<TaskStatus> = nodes.map(|node| node.status).collect();
        let waits_for = |kind: WaitKind| {
            let statuses = [TaskStatus::Waiting(kind), TaskStatus::ChildWaits(kind)];
            statuses.iter().any(|status| found.contains(status))
        };
        let first = PARKED_FOR.iter().find(|(kind, _)| waits_for(*kind));
        first.map_or(RunStatus::WaitingEvent, |&(_, status)| status)
    }
}
