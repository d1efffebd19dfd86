//! What a run does when nothing can start: wait, park, look once more, finish or fail (workflow-model 7.3, 9 to 13).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::event::{CancelReason, Event};
use smithers_model::frame::Trigger;
use smithers_model::run::RunStatus;
use smithers_model::tree::Kind;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::decision;
use crate::frame::Frame;
use crate::lifecycle::TaskStatus;
use crate::state::RunState;
use crate::view::{Plan, View};

/// Most names that an error lists.
const MOST_LISTED: usize = 10;

impl RunState {
    /// Decides what comes when the walk found nothing to start.
    pub(crate) fn rest(&mut self, frame: &Arc<Frame>, plan: &Plan, now: Timestamp) {
        let is_running = !self.running.is_empty();
        let board = self.board_of(frame, now);
        if is_running || board.rests() {
            return;
        }
        if board.asks() {
            self.park(frame);
        } else if plan.complete {
            self.finish_when_stable(frame, now);
        } else if frame.trigger == Some(Trigger::DeadlockCheck) {
            let error = deadlock(frame, board.views());
            self.fail(error, now);
        } else {
            self.renders.push_back(Some(Trigger::DeadlockCheck));
        }
    }

    /// Only what comes from outside, or time, can move the run: it lets go of its session.
    fn park(&mut self, frame: &Frame) {
        let status = self.parked_status(frame);
        self.run.status = status;
        self.open.update_run(|run| run.status = Some(status));
        self.explain_bonds(frame, status);
        self.open.event(Event::RunStatusChanged { status });
        self.open.command(Command::Park);
    }

    /// Finishes a run whose workflow was asked once more and mounts nothing new.
    fn finish_when_stable(&mut self, frame: &Frame, now: Timestamp) {
        let is_new = self.checked_sets.insert(frame.mounted());
        if is_new {
            self.renders.push_back(Some(Trigger::StabilityCheck));
            return;
        }
        if let Some(error) = self.deferral(frame) {
            return self.fail(error, now);
        }
        self.end_waits(CancelReason::Unmounted, "Run finished", now);
        let failed_child_keys = self.failed_children(frame);
        self.end(
            RunStatus::Finished,
            Event::RunFinished { failed_child_keys },
            now,
        );
    }

    /// The error of a run that would finish while tasks wait for rows that nobody will give.
    fn deferral(&self, frame: &Frame) -> Option<ErrorInfo> {
        let waiting = frame
            .deferred()
            .filter(|&index| !self.is_deferred_for_good(frame, index));
        let mut messages = Vec::new();
        for index in waiting {
            if let Kind::Deferred { id, missing, .. } = &frame.tree.elements()[index].kind {
                let missing = missing.iter().map(|id| id.as_str()).collect();
                messages.push(format!("{id} (needs {})", listed(missing)));
            }
        }
        let shown = messages.iter().map(String::as_str).collect();
        let message = || {
            format!(
                "Tasks wait for outputs that nothing gives: {}",
                listed(shown)
            )
        };
        (!messages.is_empty()).then(|| ErrorInfo::coded("DEPENDENCY_DEADLOCK", message()))
    }

    /// Nodes that failed and were allowed to: mounted ones in document order, then those that are gone.
    fn failed_children(&self, frame: &Frame) -> Vec<String> {
        let failed = |node: &NodeKey| {
            let known = self.nodes.get(node);
            known.is_some_and(|known| known.status == TaskStatus::Failed)
        };
        let mounted = frame.mounted();
        let unmounted = self.nodes.keys().filter(|node| frame.find(node).is_none());
        mounted
            .iter()
            .chain(unmounted)
            .filter(|node| failed(node))
            .map(NodeKey::to_string)
            .collect()
    }

    /// Fails the run because `node` failed and nothing handles that.
    pub(crate) fn fail_by(&mut self, node: &NodeKey, now: Timestamp) {
        let message = format!("Task failed: {}", node.node_id);
        let mut error = ErrorInfo::coded("SESSION_ERROR", message);
        error.details = Some(RawJson::of(&json!({ "key": node.to_string() })));
        error.cause = self.cause_of(node).map(Box::new);
        self.fail(error, now);
    }

    /// Why `node` failed: the error of its last attempt, or the denial.
    pub(crate) fn cause_of(&self, node: &NodeKey) -> Option<ErrorInfo> {
        let thrown = self.nodes.get(node)?.error.clone();
        let denied = || {
            let decision = self.approvals.get(node)?.decision.as_ref()?;
            (!decision.approved).then(|| decision::denial(decision))
        };
        thrown.or_else(denied)
    }

    /// Fails the run and everything under way in it.
    pub(crate) fn fail(&mut self, error: ErrorInfo, now: Timestamp) {
        if self.is_ending() {
            return self.end_undoing_by(error, now);
        }
        self.cut_off_attempts(CancelReason::RunFailed, now);
        self.end_waits(CancelReason::RunFailed, "Run failed", now);
        self.run.error = Some(error.clone());
        self.open.update_run(|run| run.error = Some(error.clone()));
        self.end(RunStatus::Failed, Event::RunFailed { error }, now);
    }

    /// Ends the run: nothing follows `event`.
    pub(crate) fn end(&mut self, status: RunStatus, event: Event, now: Timestamp) {
        self.take_error_back(Self::is_of_bonds);
        self.run.status = status;
        self.run.finished_at = Some(now);
        self.renders.clear();
        self.forget_pause();
        self.open.update_run(|run| {
            run.status = Some(status);
            run.finished_at = Some(now);
        });
        self.open.event(event);
        self.open.unpark();
        self.open.command(Command::Close);
    }
}

/// Names what is stuck, and on what.
fn deadlock(frame: &Frame, views: &[View]) -> ErrorInfo {
    let stuck: Vec<&str> = frame
        .tasks()
        .iter()
        .filter(|&&index| !views[index].is_over())
        .map(|&index| frame.task(index).node.node_id.as_str())
        .collect();
    let unmounted = |&index: &usize| {
        let named = frame.task(index).depends_on.iter();
        named.filter(move |id| frame.dependency(index, id).is_none())
    };
    let missing: BTreeSet<&str> = frame
        .tasks()
        .iter()
        .flat_map(unmounted)
        .map(|id| id.as_str())
        .collect();
    let mut message = format!("No task can go on: {}", listed(stuck));
    if !missing.is_empty() {
        message.push_str("; dependencies that are not mounted: ");
        message.push_str(&listed(missing.into_iter().collect()));
    }
    ErrorInfo::coded("DEPENDENCY_DEADLOCK", message)
}

/// Joins the first names and counts the others.
fn listed(names: Vec<&str>) -> String {
    let shown = names[..names.len().min(MOST_LISTED)].join(", ");
    match names.len().saturating_sub(MOST_LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
