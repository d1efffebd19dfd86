//! Cancelling: the end of a run on request, in whatever state it is (workflow-model 13.2).

use smithers_model::Timestamp;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::event::{CancelReason, Event};
use smithers_model::node::AttemptState;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::RowChange;

use crate::lifecycle::TaskFact;
use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Ends the run. Nodes that were not started stay pending.
    pub(crate) fn cancel(&mut self, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
        match self.run.status {
            RunStatus::Cancelled => return Err(Refusal::AlreadyCancelled),
            status if status.is_terminal() => return Err(Refusal::NotActive { status }),
            _ => {}
        }
        self.cut_off_attempts(CancelReason::RunCancelled, now);
        self.end_waits(CancelReason::RunCancelled, "Run cancelled", now);
        let record = AuditRecord::by(now, actor, kind::CANCEL, "accepted");
        self.open
            .change(RowChange::Audit(record.about(&self.run.run_id)));
        self.run.cancel_requested_at = Some(now);
        self.open
            .update_run(|run| run.cancel_requested_at = Some(now));
        self.end(RunStatus::Cancelled, Event::RunCancelled, now);
        Ok(())
    }

    /// Cancels every attempt under way and asks for the end of its body.
    pub(crate) fn cut_off_attempts(&mut self, reason: CancelReason, now: Timestamp) {
        for node in std::mem::take(&mut self.running) {
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
