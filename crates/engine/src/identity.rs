//! Whether a run goes on with the workflow that it began with (workflow-model 13.1, docs/adr/0014).
//!
//! A workflow is told from another by the hash of its module graph. A run that finds another one when it is opened
//! does nothing with it by itself: it is held, which is a pause with a reason. What people do meanwhile, such as
//! decisions and signals, is kept for it.
//!
//! ```text
//!   waiting, running ──opened, changed──► Paused, with an error ──resume, accepting the change──► Running
//!                                                               ──resume, the module of then──► Running
//! ```

use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::fact::Fact;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::RowChange;
use smithers_model::{RawJson, Timestamp};

use crate::refusal::Refusal;
use crate::state::RunState;

/// Code of the error of a run that is held.
pub const WORKFLOW_MISMATCH: &str = "RESUME_METADATA_MISMATCH";

/// What becomes of a run whose workflow has changed since it last went on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangedWorkflow {
    /// It is held until somebody accepts the change.
    #[default]
    Hold,
    /// It goes on with the new one.
    Accept,
}

impl RunState {
    /// Sets what becomes of the run when its workflow has changed; held unless this says otherwise.
    #[must_use]
    pub fn with_changed_workflow(mut self, on_change: ChangedWorkflow) -> Self {
        self.on_change = on_change;
        self
    }

    /// Holds a run that would go on with another workflow, or notes that it does.
    pub(crate) fn check_identity(&mut self, fact: &Fact, now: Timestamp) {
        let is_asked = matches!(
            fact,
            Fact::CancelRequested { .. }
                // They move nothing.
                | Fact::Scored { .. }
                | Fact::ScoringsCutOff
                | Fact::ResumeRequested {
                    accept_change: true,
                    ..
                }
        ) || matches!(fact, Fact::RewindRequested(request) if request.accept_change);
        let is_live = !self.run.status.is_terminal() && self.run.status != RunStatus::Paused;
        if is_asked || !is_live || !self.has_changed() {
            return;
        }
        match self.on_change {
            ChangedWorkflow::Hold => self.hold(now),
            ChangedWorkflow::Accept => {
                let record =
                    AuditRecord::new(now, Channel::Gateway, kind::WORKFLOW_CHANGE, "accepted");
                self.adopt(record);
            }
        }
    }

    /// Refuses to go on with another workflow unless that is accepted.
    pub(crate) fn agree_on_workflow(
        &mut self,
        accept_change: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if !self.has_changed() {
            return Ok(());
        }
        if !accept_change && self.on_change == ChangedWorkflow::Hold {
            return Err(self.mismatch());
        }
        self.adopt(AuditRecord::by(
            now,
            actor,
            kind::WORKFLOW_CHANGE,
            "accepted",
        ));
        Ok(())
    }

    /// The parent of this run goes on with the workflow that is served, so this run does too.
    pub(crate) fn follow_workflow(&mut self, now: Timestamp) {
        if self.has_changed() {
            let record = AuditRecord::new(now, Channel::Gateway, kind::WORKFLOW_CHANGE, "accepted");
            self.adopt(record);
        }
    }

    /// Takes the error of a run back that was held, or whose tasks are: it goes on.
    pub(crate) fn release(&mut self) {
        let is_held =
            |error: &ErrorInfo| error.has_code(WORKFLOW_MISMATCH) || Self::is_of_bonds(error);
        self.take_error_back(is_held);
    }

    /// The error of the run is one that `passes`, and it has passed.
    pub(crate) fn take_error_back(&mut self, passes: impl Fn(&ErrorInfo) -> bool) {
        if self.run.error.as_ref().is_some_and(passes) {
            self.run.error = None;
            let cancel_requested_at = self.run.cancel_requested_at;
            self.open.update_run(|run| {
                run.reopen();
                run.cancel_requested_at = cancel_requested_at;
            });
        }
    }

    /// Workflows without a hash, those written in Rust, never differ.
    pub(crate) fn has_changed(&self) -> bool {
        let served = &self.definition.revision.hash;
        let known = self.run.workflow_hash.as_ref();
        !served.is_empty() && known.is_some_and(|known| known != served)
    }

    fn mismatch(&self) -> Refusal {
        Refusal::WorkflowChanged {
            run: self.run.run_id.clone(),
            was: self.run.workflow_hash.clone().unwrap_or_default(),
            is: self.definition.revision.hash.clone(),
        }
    }

    /// Stops the run where it is; what was under way was cut off with the process or the state that began it.
    fn hold(&mut self, now: Timestamp) {
        self.interrupt_all(now);
        let error = ErrorInfo::coded(WORKFLOW_MISMATCH, self.mismatch().to_string());
        let record = AuditRecord::new(now, Channel::Gateway, kind::WORKFLOW_CHANGE, "held");
        self.record_change(record);
        self.forget_pause();
        let status = RunStatus::Paused;
        self.run.status = status;
        self.run.error = Some(error.clone());
        self.renders.clear();
        self.open.update_run(|run| {
            run.status = Some(status);
            run.error = Some(error);
        });
        self.open.change(RowChange::HoldDueTimes(true));
        self.open.event(Event::RunStatusChanged { status });
        self.open.command(Command::Park);
    }

    /// From here on the run goes on with the workflow that is served.
    fn adopt(&mut self, record: AuditRecord) {
        self.record_change(record);
        let served = self.definition.revision.hash.clone();
        self.run.workflow_hash = Some(served.clone());
        self.open.update_run(|run| run.workflow_hash = Some(served));
        self.find_foreign_questions();
    }

    fn record_change(&mut self, record: AuditRecord) {
        let detail = json!({
            "was": self.run.workflow_hash,
            "is": self.definition.revision.hash,
        });
        self.open.change(RowChange::Audit(AuditRecord {
            detail: RawJson::of(&detail),
            ..record.about(&self.run.run_id)
        }));
    }
}
