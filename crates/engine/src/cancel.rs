//! Cancelling: the end of a run on request, in whatever state it is (workflow-model 13.2).
//!
//! A run whose workflow says so first undoes what it did: see `undo`.

use std::collections::BTreeSet;

use smithers_model::audit::{AuditRecord, kind};
use smithers_model::event::{CancelReason, Event};
use smithers_model::node::AttemptState;
use smithers_model::planted::{Bug, planted};
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, Timestamp};

use crate::lifecycle::TaskFact;
use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Ends the run, or begins to undo what it did. Nodes that were not started stay pending.
    pub(crate) fn cancel(&mut self, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
        match self.run.status {
            RunStatus::Cancelled => return Err(Refusal::AlreadyCancelled),
            status if status.is_terminal() => return Err(Refusal::NotActive { status }),
            _ if self.is_ending() && actor.user_id.as_deref() == Some(Actor::PARENT) => {
                // The end of the parent is told again and again until this run has ended.
                return Ok(());
            }
            _ => {}
        }
        let record = AuditRecord::by(now, actor, kind::CANCEL, "accepted");
        self.open
            .change(RowChange::Audit(record.about(&self.run.run_id)));
        match self.run.undo_within_ms {
            Some(_) if planted(Bug::CancelUndoesNothing) => self.end_cancelled(now),
            Some(_) if !self.is_ending() && !self.has_changed() => self.begin_to_undo(now),
            Some(_) => self.end_undoing(now),
            None => self.end_cancelled(now),
        }
        Ok(())
    }

    /// Notes when the end of the run was asked for; of several requests, the first.
    pub(crate) fn note_request(&mut self, now: Timestamp) {
        let since = *self.run.cancel_requested_at.get_or_insert(now);
        self.open
            .update_run(|run| run.cancel_requested_at = Some(since));
    }

    /// Ends the run with all that is under way in it.
    pub(crate) fn end_cancelled(&mut self, now: Timestamp) {
        self.cut_off_attempts(CancelReason::RunCancelled, now);
        self.end_waits(CancelReason::RunCancelled, "Run cancelled", now);
        self.note_request(now);
        self.end(RunStatus::Cancelled, Event::RunCancelled, now);
    }

    /// Cancels every attempt under way and asks for the end of its body.
    pub(crate) fn cut_off_attempts(&mut self, reason: CancelReason, now: Timestamp) {
        self.cut_off_attempts_of(|_| true, reason, now);
    }

    /// Cancels the attempts under way of the nodes that are `meant`.
    pub(crate) fn cut_off_attempts_of(
        &mut self,
        meant: impl Fn(&NodeKey) -> bool,
        reason: CancelReason,
        now: Timestamp,
    ) {
        let (ended, kept): (BTreeSet<_>, BTreeSet<_>) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(meant);
        self.running = kept;
        for node in ended {
            let attempt = self.nodes[&node].last_attempt;
            if !self.end_child(&node) {
                self.open.abort(&node, attempt);
            }
            self.move_node(&node, TaskFact::Cancelled, now);
            self.put_attempt(&node, AttemptState::Cancelled);
            self.open.event(Event::NodeCancelled {
                node,
                attempt: Some(attempt),
                reason,
            });
        }
    }
}
