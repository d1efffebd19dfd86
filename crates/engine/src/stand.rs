//! Whether the newest frame may stand for the one that is asked for. A function of a frame sees the rows that the
//! frame was rendered from, so no function may be called from a frame that stands: before anything with a function
//! can start, the workflow is rendered again.

use smithers_model::tree::{Kind, TaskSpec};

use crate::frame::{Frame, has_function};
use crate::lifecycle::TaskStatus;
use crate::state::RunState;

/// What can happen in a part of the tree before the frame after the one that is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Reach {
    /// A function can be called.
    calls: bool,
    /// What comes after this part has to wait for that frame.
    holds: bool,
}

impl RunState {
    /// Returns true when the frame that is asked for need not be rendered, provided that the session finds it to
    /// be the newest one over again: its functions are the right ones, or none is called before the next frame.
    pub fn frame_may_stand(&self) -> bool {
        let Some(frame) = &self.frame else {
            return false;
        };
        let functions_are_right = self.rows_rendered == self.rows.len();
        let another_follows = self.renders.len() > 1;
        functions_are_right || another_follows || !self.calls_before_next_frame(frame)
    }

    fn calls_before_next_frame(&self, frame: &Frame) -> bool {
        frame.has_functions && frame.tree.roots().any(|root| self.reach(frame, root).calls)
    }

    /// What can happen in the subtree at element `index`.
    fn reach(&self, frame: &Frame, index: usize) -> Reach {
        let kind = &frame.tree.elements()[index].kind;
        if let Kind::Task(task) = kind {
            return self.reach_of(task);
        }
        let in_order = matches!(kind, Kind::Workflow { .. } | Kind::Sequence);
        let mut all = Reach::default();
        for child in frame.tree.children(index) {
            let reach = self.reach(frame, child);
            all.calls |= reach.calls;
            all.holds |= reach.holds;
            if all.calls || (in_order && all.holds) {
                break;
            }
        }
        // A loop whose condition holds is over as soon as it is shown.
        all.holds &= !matches!(kind, Kind::Loop(_));
        all
    }

    /// Each task that ends makes a frame, but for one that is left out: an answer can do that, a time limit, or a
    /// failure of what the task depends on.
    fn reach_of(&self, task: &TaskSpec) -> Reach {
        let status = self.nodes.get(&task.node).map(|node| node.status);
        let is_over = matches!(
            status,
            Some(
                TaskStatus::Finished
                    | TaskStatus::Skipped
                    | TaskStatus::Failed
                    | TaskStatus::Cancelled
            )
        );
        if is_over || task.skip_if {
            return Reach::default();
        }
        let in_last_attempt =
            matches!(status, Some(TaskStatus::Running { .. })) && task.retry.retries == 0;
        Reach {
            calls: has_function(task) && !in_last_attempt,
            holds: task.approval.is_none() && task.depends_on.is_empty(),
        }
    }
}
