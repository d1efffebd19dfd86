//! Pausing: a run stops where it is and goes on when somebody asks (workflow-model 13.3).
//!
//! ```text
//!   Running ──asked──► Running, pausing ──what is under way has ended──► Paused ──asked──► Running
//! ```
//!
//! Nothing starts while a run pauses or is paused, whatever becomes due or is decided meanwhile. The time of
//! approvals goes on: people are reminded of what they were asked, paused or not.

use smithers_model::Timestamp;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::command::Command;
use smithers_model::event::Event;
use smithers_model::planted::{Bug, planted};
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::RowChange;

use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Asks for a pause. Only a run that executes can be paused; asking again is harmless.
    pub(crate) fn pause(&mut self, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
        if self.run.status != RunStatus::Running {
            return Err(Refusal::NotExecuting {
                status: self.run.status,
            });
        }
        if self.is_ending() {
            return Err(Refusal::AlreadyCancelled);
        }
        if self.is_pausing() {
            return Ok(());
        }
        let record = AuditRecord::by(now, actor, kind::PAUSE, "accepted");
        self.open
            .change(RowChange::Audit(record.about(&self.run.run_id)));
        self.want_pause(Some(now));
        Ok(())
    }

    /// Returns true while the run waits for what is under way to end before it is paused.
    pub(crate) fn is_pausing(&self) -> bool {
        self.run.status == RunStatus::Running && self.run.pause_requested_at.is_some()
    }

    /// Makes a pausing run paused once nothing is under way in it.
    pub(crate) fn pause_when_quiet(&mut self) {
        let is_quiet = self.running.is_empty() || planted(Bug::PausedTooSoon);
        if !is_quiet || self.open.is_full() {
            return;
        }
        let status = RunStatus::Paused;
        self.want_pause(None);
        self.run.status = status;
        self.renders.clear();
        self.open.update_run(|run| run.status = Some(status));
        self.open.change(RowChange::HoldDueTimes(true));
        self.open.event(Event::RunStatusChanged { status });
        self.open.command(Command::Park);
    }

    /// Lets a paused run go on, or one that was about to be paused.
    pub(crate) fn end_pause(&mut self, now: Timestamp) {
        if self.is_pausing() {
            self.want_pause(None);
        } else if self.run.status == RunStatus::Paused {
            self.open.change(RowChange::HoldDueTimes(false));
            self.go_on(now);
            self.return_to_children(now);
            self.end_due_waits(now);
            self.wake_at_next_due(now);
        }
    }

    fn want_pause(&mut self, since: Option<Timestamp>) {
        self.run.pause_requested_at = since;
        self.open
            .update_run(|run| run.pause_requested_at = Some(since));
    }

    /// Takes a wish for a pause back when the run ends before it is fulfilled.
    pub(crate) fn forget_pause(&mut self) {
        if self.run.pause_requested_at.is_some() {
            self.want_pause(None);
        }
    }
}
