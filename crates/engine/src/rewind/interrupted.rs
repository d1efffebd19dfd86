//! A rewind that was cut off while effects outside were taken back: some may be gone that the run counts on, so the
//! run fails, and somebody has to look.

use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::rewind::{RewindResult, TimeTravelRow};
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::{RawJson, Timestamp};

use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Fails the run, also one that had ended.
    pub(crate) fn rewind_interrupted(
        &mut self,
        row: TimeTravelRow,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let took = now.0.saturating_sub(row.at.0);
        let record = AuditRecord::new(now, Channel::Gateway, kind::REWIND, "partial");
        self.open.change(RowChange::Audit(AuditRecord {
            subject: Some(row.op.clone()),
            ..record.about(&self.run.run_id)
        }));
        let error = interruption(&row);
        self.open.change(RowChange::TimeTravel(TimeTravelRow {
            result: RewindResult::Partial,
            duration_ms: Some(u64::try_from(took).unwrap_or(0)),
            ..row
        }));
        match self.run.status {
            // Another run is in its place, for good.
            RunStatus::Continued => {}
            status if status.is_terminal() => {
                self.run.error = Some(error.clone());
                self.open.update_run(|run| run.error = Some(error.clone()));
                self.end(RunStatus::Failed, Event::RunFailed { error }, now);
            }
            _ => {
                self.interrupt_all(now);
                self.fail(error, now);
            }
        }
        Ok(())
    }
}

fn interruption(row: &TimeTravelRow) -> ErrorInfo {
    let message = format!(
        "A rewind to frame {} was cut off while effects were taken back; look at what is left of them outside",
        row.to_frame_no
    );
    let mut error = ErrorInfo::coded("RewindFailed", message);
    error.details = Some(RawJson::of(&json!({
        "needsAttention": true,
        "op": row.op,
        "toFrameNo": row.to_frame_no,
    })));
    error
}
