//! Undoing what a cancelled run did, where its sagas say so (docs/adr/0016).
//!
//! ```text
//!   Running, parked or paused ──asked──► Running, ending ──undone, asked again, or too late──► Cancelled
//! ```
//!
//! Everything under way is cut off, but for compensations that are at work already: they go on. Then those of completed
//! actions run one by one, the latest saga of the tree first and in each the latest step; a compensation that fails ends those of its saga, not of others.
//! A saga that is through counts as well while it is mounted. What is left to do is told from the rows of the nodes
//! each time, so a restart changes nothing; that the run is ending, and until when, is told by its own row.

use std::sync::Arc;

use serde_json::json;
use smithers_model::command::Command;
use smithers_model::error::ErrorInfo;
use smithers_model::event::CancelReason;
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::frame::Frame;
use crate::state::RunState;

/// Code of the error of a cancelled run that has not undone everything.
pub(crate) const INCOMPLETE: &str = "COMPENSATION_INCOMPLETE";

impl RunState {
    /// Returns true while the run undoes what it did before it is cancelled.
    pub(crate) fn is_ending(&self) -> bool {
        !self.run.status.is_terminal() && self.run.cancel_requested_at.is_some()
    }

    /// Notes how long undoing may take, as the sagas of `frame` say; the longest of them counts. The limit of a run
    /// that is ending stays.
    pub(crate) fn note_undo(&mut self, frame: &Frame) {
        let limits = frame.sagas();
        let limits = limits.filter_map(|saga| frame.saga_at(saga).on_cancel);
        let within = limits.map(|limit| limit.limit_ms).max();
        if within != self.run.undo_within_ms && !self.is_ending() {
            self.run.undo_within_ms = within;
            self.open
                .update_run(|run| run.undo_within_ms = Some(within));
        }
    }

    /// Begins to undo what the run did. A run at rest needs a frame for that.
    pub(crate) fn begin_to_undo(&mut self, now: Timestamp) {
        self.forget_pause();
        if self.run.status == RunStatus::Paused {
            self.open.change(RowChange::HoldDueTimes(false));
        }
        if self.frame.is_none() {
            self.interrupt_all(now);
        }
        if self.frame.is_none() || self.run.status != RunStatus::Running {
            self.go_on(now);
        } else if self.rows_rendered != self.rows.len() && self.renders.is_empty() {
            // The newest frame may stand for another one; what is called now must see every row.
            self.renders.push_back(None);
        }
        self.note_request(now);
        if let Some(due) = self.run.ends_at() {
            self.open.command(Command::WakeAt(due));
        }
    }

    /// Goes on with undoing, or ends the run when there is nothing left. Returns true when another decision follows.
    pub(crate) fn wind_up(&mut self, frame: &Arc<Frame>, now: Timestamp) -> bool {
        let board = self.board_of(frame, now);
        let undos = board.undos(frame);
        let plan = (!undos.is_empty()).then(|| board.plan_of(frame, &undos));
        let is_inside = |at: usize| {
            let mut parts = undos.iter().map(|&undo| undo..frame.tree.end_of(undo));
            parts.any(|part| part.contains(&at))
        };
        let other = |node: &NodeKey| frame.index_of(node).is_none_or(|at| !is_inside(at));
        let reason = CancelReason::RunCancelled;
        self.cut_off_attempts_of(other, reason, now);
        self.end_waits_of(other, reason, "Run cancelled", now);
        let Some(plan) = plan else {
            self.end_undoing(now);
            return false;
        };
        if self.advance(frame, &plan.runnable, now) {
            return true;
        }
        if !plan.ready.is_empty() {
            self.advance_loops(frame, &plan.ready, now);
        }
        false
    }

    /// Ends a run that is ending, whatever is left to undo.
    pub(crate) fn end_undoing(&mut self, now: Timestamp) {
        let left = match self.frame.clone() {
            Some(frame) => self.board_of(&frame, now).left_to_undo(&frame),
            None => Vec::new(),
        };
        let is_known = self.frame.is_some();
        if !left.is_empty() || !is_known {
            self.end_undoing_by(incomplete(&left), now);
        } else {
            self.end_cancelled(now);
        }
    }

    /// Ends a run that is ending because of `error`.
    pub(crate) fn end_undoing_by(&mut self, error: ErrorInfo, now: Timestamp) {
        self.run.error = Some(error.clone());
        self.open.update_run(|run| run.error = Some(error));
        self.end_cancelled(now);
    }
}

fn incomplete(left: &[NodeKey]) -> ErrorInfo {
    let names: Vec<String> = left.iter().map(ToString::to_string).collect();
    let message = match names.is_empty() {
        true => "The run ended before it was known what is left to undo".to_owned(),
        false => format!(
            "The run ended before everything was undone: {}",
            names.join(", ")
        ),
    };
    let mut error = ErrorInfo::coded(INCOMPLETE, message);
    error.details = Some(RawJson::of(&json!({ "keys": names })));
    error
}
