//! The fixpoint: decides again and again until only something from outside can move the run (workflow-model 7.3).

use std::sync::Arc;

use smithers_model::Timestamp;
use smithers_model::loops::LoopState;
use smithers_model::run::RunStatus;
use smithers_model::tree::{Element, Kind, LoopSpec, TaskSpec};

use crate::frame::Frame;
use crate::lifecycle::TaskStatus;
use crate::state::RunState;
use crate::walk::{LoopView, Standing, TaskView, View, walk};

impl RunState {
    /// Moves the run until it needs a frame, the step is full, or nothing moves any more.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        while let Some(frame) = self.current_frame() {
            let moved = self.decide(&frame, now);
            if !moved {
                return;
            }
        }
    }

    /// The frame to decide on, when deciding is possible now.
    fn current_frame(&self) -> Option<Arc<Frame>> {
        let is_current = self.run.status == RunStatus::Running
            && self.renders.is_empty()
            && !self.open.is_full();
        self.frame.clone().filter(|_| is_current)
    }

    /// Makes one decision in the order of the contract. Returns true when another one is to follow.
    fn decide(&mut self, frame: &Frame, now: Timestamp) -> bool {
        let views = self.views(frame, now);
        let is_broken = |index: usize| views[index].standing() == Some(Standing::Broken);
        if let Some(&broken) = frame.tasks().iter().find(|&&index| is_broken(index)) {
            self.fail_by(&frame.task(broken).node, now);
            return false;
        }
        if self.leave_out_dependents(frame, now) {
            return true;
        }
        let plan = walk(frame, &views);
        if self.advance(frame, &plan.runnable, now) {
            return true;
        }
        if plan.ready.is_empty() {
            self.rest(frame, &views, &plan, now);
        } else {
            self.advance_loops(frame, &plan.ready, now);
        }
        false
    }

    fn views(&self, frame: &Frame, now: Timestamp) -> Vec<View> {
        let elements = frame.tree.elements().iter();
        let view = |element: &Element| match &element.kind {
            Kind::Task(task) => View::Task(self.view(task, now)),
            Kind::Loop(spec) => View::Loop(self.loop_view(spec)),
            _ => View::Other,
        };
        elements.map(view).collect()
    }

    fn loop_view(&self, spec: &LoopSpec) -> LoopView {
        let row = self.loops.get(&spec.id);
        LoopView {
            ended: row.is_some_and(|row| row.state != LoopState::Going),
            begun: row.is_some_and(|row| row.iteration > 0),
        }
    }

    fn view(&self, task: &TaskSpec, now: Timestamp) -> TaskView {
        let asks = task.approval.is_some() && !self.approvals.contains_key(&task.node);
        TaskView {
            standing: self.standing(task, now),
            weightless: task.skip_if || asks,
        }
    }

    fn standing(&self, task: &TaskSpec, now: Timestamp) -> Standing {
        let Some(node) = self.nodes.get(&task.node) else {
            return Standing::Fresh;
        };
        let passable = || {
            let spec = task.approval.as_ref();
            spec.is_some_and(|spec| spec.request.wait_async)
        };
        match node.status {
            TaskStatus::Pending => {
                let touched = node.last_attempt > 0 || self.approvals.contains_key(&task.node);
                if touched {
                    Standing::Ready
                } else {
                    Standing::Fresh
                }
            }
            TaskStatus::Backoff { due } if due <= now => Standing::Ready,
            TaskStatus::Backoff { .. } => Standing::Resting,
            TaskStatus::Waiting => Standing::Waiting {
                passable: passable(),
            },
            TaskStatus::Running { .. } => Standing::InFlight,
            TaskStatus::Failed if task.continue_on_fail => Standing::Done,
            TaskStatus::Failed if task.quarantine => Standing::Apart,
            TaskStatus::Failed => Standing::Broken,
            TaskStatus::Finished | TaskStatus::Skipped | TaskStatus::Cancelled => Standing::Done,
        }
    }
}
