//! The fixpoint: decides again and again until only something from outside can move the run (workflow-model 7.3).

use std::sync::Arc;

use smithers_model::Timestamp;
use smithers_model::run::RunStatus;

use crate::frame::Frame;
use crate::state::RunState;

impl RunState {
    /// Moves the run until it needs a frame, the step is full, or nothing moves any more.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        self.find_children();
        if self.is_pausing() {
            return self.pause_when_quiet();
        }
        while let Some(frame) = self.current_frame() {
            let moved = self.decide(&frame, now);
            self.find_children();
            if !moved {
                return;
            }
        }
    }

    /// The frame to decide on, when deciding is possible now.
    fn current_frame(&self) -> Option<Arc<Frame>> {
        let is_current = self.run.status == RunStatus::Running
            && self.renders.is_empty()
            && self.precedents_wanted.is_empty()
            && self.worktree_request().is_none()
            && !self.open.is_full();
        self.frame.clone().filter(|_| is_current)
    }

    /// Makes one decision in the order of the contract. Returns true when another one is to follow.
    fn decide(&mut self, frame: &Arc<Frame>, now: Timestamp) -> bool {
        if self.is_ending() {
            return self.wind_up(frame, now);
        }
        let board = self.board_of(frame, now);
        let plan = board.plan(frame);
        if let Some(index) = plan.fatal {
            self.fail_with(frame, index, now);
            return false;
        }
        if let Some(region) = plan.halted {
            self.stop_asking(frame, region, now);
            return true;
        }
        if let Some(index) = plan.handover {
            self.hand_over(frame, index, now);
            return false;
        }
        let board = self.board_of(frame, now);
        if let Some(broken) = board.first_broken() {
            self.fail_by(&frame.task(broken).node, now);
            return false;
        }
        if board.has_quarantine() && self.leave_out_dependents(frame, now) {
            return true;
        }
        if self.advance(frame, &plan.runnable, now) {
            return true;
        }
        if self.show_bonds() {
            return false;
        }
        if plan.ready.is_empty() {
            self.rest(frame, &plan, now);
        } else {
            self.advance_loops(frame, &plan.ready, now);
        }
        false
    }
}
