//! What a frame that stands for the one that is asked for must bring along. A function of a frame sees the rows that
//! the frame was rendered from: when one can be called before the next frame, it must see the rows of this one.

use smithers_model::tree::{Kind, TaskSpec};

use crate::frame::{Frame, has_function};
use crate::lifecycle::TaskStatus;
use crate::standing::Done;
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
    /// Returns true when there is a frame that may stand for the one that is asked for.
    pub fn has_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Returns true when a function of the frame that is asked for can be called before the frame after it, and must
    /// then see rows that the newest frame was not rendered from.
    pub fn calls_before_next_frame(&self) -> bool {
        let functions_are_right = self.rows_rendered == self.rows.len();
        let another_follows = self.renders.len() > 1;
        let frame = self.frame.as_ref().filter(|frame| frame.has_functions);
        frame.is_some_and(|frame| {
            !functions_are_right
                && !another_follows
                // A run that is ending goes through its tree in another order.
                && (self.is_ending() || self.can_call(frame))
        })
    }

    /// Whether a function of `frame` can be called before the frame that is asked for.
    fn can_call(&self, frame: &Frame) -> bool {
        let done = self.standings.done_in(frame);
        let mut roots = frame.tree.roots();
        roots.any(|root| self.reach(frame, &done, root).calls)
    }

    /// What can happen in the subtree at element `index`.
    fn reach(&self, frame: &Frame, done: &Done<'_>, index: usize) -> Reach {
        let kind = &frame.tree.elements()[index].kind;
        if let Kind::Task(task) = kind {
            return match done.has(index) {
                true => Reach::default(),
                false => self.reach_of(task),
            };
        }
        let in_order = matches!(
            kind,
            Kind::Workflow { .. } | Kind::Sequence | Kind::Region(_)
        );
        let mut all = Reach::default();
        for child in frame.tree.children(index) {
            let reach = self.reach(frame, done, child);
            all.calls |= reach.calls;
            all.holds |= reach.holds;
            if all.calls || (in_order && all.holds) {
                break;
            }
        }
        if matches!(kind, Kind::Saga(_) | Kind::Try(_)) {
            // What follows from a failure may never happen, so only the first part holds what comes after.
            all.holds = self.begins_with_hold(frame, done, index);
        }
        // A loop whose condition holds is over as soon as it is shown.
        all.holds &= !matches!(kind, Kind::Loop(_));
        all
    }

    /// Whether the first part of the saga or try block at element `index` has to end with a frame. One in which a
    /// task has failed may be over.
    fn begins_with_hold(&self, frame: &Frame, done: &Done<'_>, index: usize) -> bool {
        let Some(first) = frame.tree.children(index).next() else {
            return false;
        };
        let has_ended_badly = |&index: &usize| {
            let status = self
                .nodes
                .get(&frame.task(index).node)
                .map(|node| node.status);
            matches!(status, Some(TaskStatus::Failed | TaskStatus::Cancelled))
        };
        let inside = first..frame.tree.end_of(first);
        let mut tasks = frame.tasks().iter().filter(|index| inside.contains(index));
        !tasks.any(has_ended_badly) && self.reach(frame, done, first).holds
    }

    /// Each task that ends makes a frame, but for one that is left out: an answer can do that, a time limit, a
    /// budget that is used up, or a failure of what the task depends on.
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
            holds: task.approval.is_none() && task.depends_on.is_empty() && task.aspects.is_none(),
        }
    }
}
