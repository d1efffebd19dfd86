//! Taking a run up: after its launch, after a crash, and when a parked run goes on (workflow-model 13.1).

use std::collections::BTreeSet;

use smithers_model::audit::{AuditRecord, kind};
use smithers_model::command::Command;
use smithers_model::event::Event;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, Timestamp};

use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Starts the run or goes on with it. Finished tasks stay finished.
    pub(crate) fn take_up(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.must_be_active()?;
        self.interrupt_all(now);
        if self.is_pausing() {
            // It is paused at once: it has no frame that could say what follows from the end of a child.
            self.leave_children(now);
        } else if self.run.status != RunStatus::Paused {
            self.go_on(now);
        }
        self.look_for_children();
        self.wake_at_next_due(now);
        Ok(())
    }

    /// Attempts under way were cut off, but for those of subflows: their runs go on by themselves.
    pub(crate) fn interrupt_all(&mut self, now: Timestamp) {
        let is_child = |key: &NodeKey| self.nodes[key].child.is_some();
        let (children, tasks): (BTreeSet<_>, BTreeSet<_>) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(is_child);
        self.running = children;
        for node in tasks {
            self.interrupt(&node, now);
        }
    }

    /// Has the owner come back when something is due later.
    pub(crate) fn wake_at_next_due(&mut self, now: Timestamp) {
        if let Some(due) = self.next_due().filter(|&due| due > now) {
            self.open.command(Command::WakeAt(due));
        }
    }

    /// Records who asked for the run to go on, and ends a pause.
    pub(crate) fn resume(
        &mut self,
        actor: &Actor,
        accept_change: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.must_be_active()?;
        self.agree_on_workflow(accept_change, actor, now)?;
        let record = AuditRecord::by(now, actor, kind::RESUME, "accepted");
        self.open
            .change(RowChange::Audit(record.about(&self.run.run_id)));
        self.end_pause(now);
        self.restore_all(now);
        Ok(())
    }

    /// Sets the run running; it decides nothing before it has a new frame.
    pub(crate) fn go_on(&mut self, now: Timestamp) {
        self.release();
        self.run.status = RunStatus::Running;
        self.open
            .update_run(|run| run.status = Some(RunStatus::Running));
        if self.run.started_at.is_none() {
            self.run.started_at = Some(now);
            self.open.update_run(|run| run.started_at = Some(now));
        }
        self.open.unpark();
        self.open.event(Event::RunStarted);
        self.renders.clear();
        self.renders.push_back(None);
        self.look_for_children();
    }
}
