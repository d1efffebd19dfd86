//! Retrying a task of a run at rest: what it and everything after it came to is undone, and the run goes on
//! (workflow-model 14.3).
//!
//! After a task is what began when it had ended. Tasks that were cut off when the run ended, and questions that
//! ended with it, begin again as well. A yes that the task itself was given stays; what was decided later is asked
//! again, because it was decided about something else.

use std::collections::BTreeMap;

use serde_json::json;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::event::Event;
use smithers_model::loops::LoopState;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::{RowChange, RunUpdate};
use smithers_model::wait::WaitKind;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::bind::is_held;
use crate::lifecycle::{TaskFact, TaskStatus};
use crate::node::Node;
use crate::refusal::Refusal;
use crate::standing::Standings;
use crate::state::RunState;

impl RunState {
    /// Returns what a retry of `node` would reset, itself first; with `dependents`, what came after it too.
    ///
    /// # Errors
    /// The run executes, it has no such node, there is nothing to retry yet, or a loop has gone on since.
    pub fn nodes_to_reset(
        &self,
        node: &NodeKey,
        dependents: bool,
    ) -> Result<Vec<NodeKey>, Refusal> {
        if self.run.status == RunStatus::Running {
            return Err(Refusal::Executing);
        }
        if self.run.status == RunStatus::Continued {
            return Err(Refusal::NotActive {
                status: self.run.status,
            });
        }
        let target = self
            .nodes
            .get(node)
            .ok_or_else(|| Refusal::UnknownNode { node: node.clone() })?;
        self.must_be_retryable(node, target)?;
        let places = self.places();
        let came_after = |(key, other): &(&NodeKey, &Node)| {
            *key != node
                && is_touched(other)
                && is_after(target, other, places.get(node), places.get(*key))
        };
        // Nothing comes after what has not begun.
        let reaches_on = dependents && !is_held(target.status);
        let later = self.nodes.iter().filter(|_| reaches_on);
        let later = later.filter(came_after);
        let later = later.map(|(key, _)| key.clone());
        Ok(std::iter::once(node.clone()).chain(later).collect())
    }

    fn must_be_retryable(&self, key: &NodeKey, node: &Node) -> Result<(), Refusal> {
        let still_waits = matches!(
            node.status,
            TaskStatus::Waiting(_) | TaskStatus::ChildWaits(_)
        );
        if (still_waits && !is_held(node.status)) || !is_touched(node) {
            return Err(Refusal::NothingToRetry { node: key.clone() });
        }
        let is_later =
            |other: &&NodeKey| other.node_id == key.node_id && other.iteration > key.iteration;
        match self.nodes.keys().find(is_later) {
            Some(_) => Err(Refusal::LoopWentOn { node: key.clone() }),
            None => Ok(()),
        }
    }

    /// Where the row of each node stands in the order of completion.
    fn places(&self) -> BTreeMap<&NodeKey, usize> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(place, row)| (&row.node, place)).collect()
    }

    /// Resets a task and lets the run go on with it.
    pub(crate) fn retry_task(
        &mut self,
        node: &NodeKey,
        dependents: bool,
        actor: &Actor,
        accept_change: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let reset = self.nodes_to_reset(node, dependents)?;
        self.agree_on_workflow(accept_change, actor, now)?;
        for key in &reset {
            self.undo(key, key == node, now);
        }
        self.begin_cut_off_again(now);
        self.open_exhausted_loops(now);
        self.record_retry(node, dependents, &reset, actor, now);
        self.reopen(now);
        Ok(())
    }

    /// Takes back what a node came to.
    pub(crate) fn undo(&mut self, key: &NodeKey, is_target: bool, now: Timestamp) {
        self.rows.retain(|row| row.node != *key);
        self.rows_were_removed();
        self.unbind(key);
        self.undo_child(key);
        let node = self.nodes.get_mut(key).expect("resets name known nodes");
        node.failures = 0;
        node.error = None;
        let table = node.output_table.clone();
        self.open.change(RowChange::ForgetResults {
            node: key.clone(),
            table,
        });
        let decision = self
            .approvals
            .get(key)
            .and_then(|approval| approval.decision.as_ref());
        let keeps = is_target && decision.is_some_and(|decision| decision.approved);
        self.begin_again(key, keeps, now);
    }

    /// What was under way or asked when the run ended begins again. So does what backed off then: with the run its due
    /// time has ended too, also in rows.
    pub(crate) fn begin_cut_off_again(&mut self, now: Timestamp) {
        let is_over = self.run.status.is_terminal();
        let is_cut_off = |node: &Node| match node.status {
            TaskStatus::Backoff { .. } => is_over,
            status => status == TaskStatus::Cancelled,
        };
        let cut_off = self.nodes.iter().filter(|(_, node)| is_cut_off(node));
        let cut_off: Vec<NodeKey> = cut_off.map(|(key, _)| key.clone()).collect();
        for key in cut_off {
            self.begin_again(&key, false, now);
        }
    }

    /// The node waits for its turn again, with or without what was decided about it.
    pub(crate) fn begin_again(&mut self, key: &NodeKey, keeps_decision: bool, now: Timestamp) {
        if !keeps_decision && self.approvals.remove(key).is_some() {
            self.open
                .change(RowChange::WithdrawApproval { node: key.clone() });
        }
        if self.nodes[key].status != TaskStatus::Pending {
            self.move_node(key, TaskFact::Reset, now);
        }
    }

    /// A loop that has had all its passes may have its last one again; the next frame tells.
    pub(crate) fn open_exhausted_loops(&mut self, now: Timestamp) {
        let exhausted = self
            .loops
            .values()
            .filter(|row| row.state == LoopState::Exhausted);
        let exhausted: Vec<_> = exhausted
            .map(|row| (row.id.clone(), row.iteration))
            .collect();
        for (id, iteration) in exhausted {
            self.put_loop(&id, iteration, LoopState::Going, now);
        }
    }

    fn record_retry(
        &mut self,
        node: &NodeKey,
        dependents: bool,
        reset: &[NodeKey],
        actor: &Actor,
        now: Timestamp,
    ) {
        let names: Vec<String> = reset.iter().map(ToString::to_string).collect();
        let detail = json!({
            "iteration": node.iteration,
            "resetDependents": dependents,
            "resetNodes": names.len(),
        });
        self.open.change(RowChange::Audit(AuditRecord {
            subject: Some(node.node_id.to_string()),
            detail: RawJson::of(&detail),
            ..AuditRecord::by(now, actor, kind::RETRY, "accepted").about(&self.run.run_id)
        }));
        self.open.event(Event::RetryTaskFinished {
            node: node.clone(),
            reset_nodes: names,
            success: true,
        });
    }

    /// Lets a run at rest go on as if it had not ended.
    pub(crate) fn reopen(&mut self, now: Timestamp) {
        if self.run.status == RunStatus::Paused {
            self.open.change(RowChange::HoldDueTimes(false));
        }
        self.run.finished_at = None;
        self.run.cancel_requested_at = None;
        self.run.error = None;
        self.open.update_run(RunUpdate::reopen);
        self.frame = None;
        self.standings = Standings::default();
        self.checked_sets.clear();
        (self.rows_given, self.rows_rendered) = (0, 0);
        self.go_on(now);
        self.wake_at_next_due(now);
    }
}

/// Something has come of the node, or at least been tried.
pub(crate) fn is_touched(node: &Node) -> bool {
    match node.status {
        // A question is asked again, and what is held is bound anew; other waits go on.
        TaskStatus::Waiting(kind) => kind == WaitKind::Approval || is_held(node.status),
        TaskStatus::ChildWaits(_) => false,
        TaskStatus::Pending => node.last_attempt > 0,
        _ => true,
    }
}

/// Whether `other` began when `target` had ended. In the same millisecond, the order of their rows tells; where one
/// has none, it counts as later.
fn is_after(target: &Node, other: &Node, place: Option<&usize>, others: Option<&usize>) -> bool {
    let (ended, began) = (target.updated_at(), other.began_at());
    let tie = || match (place, others) {
        (Some(place), Some(others)) => others > place,
        _ => true,
    };
    began > ended || (began == ended && tie())
}
