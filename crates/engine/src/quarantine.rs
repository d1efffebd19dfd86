//! Quarantine: a failure that is kept apart, and what is left out because of it (workflow-model 7.9).

use smithers_model::Timestamp;
use smithers_model::tree::TaskSpec;

use crate::frame::Frame;
use crate::lifecycle::TaskStatus;
use crate::state::RunState;

impl RunState {
    /// Leaves out the first task that can never start because it depends on one that failed in quarantine.
    /// Returns whether there was one.
    pub(crate) fn leave_out_dependents(&mut self, frame: &Frame, now: Timestamp) -> bool {
        let lost = self.lost(frame);
        let pending = |index: &&usize| {
            let status = self.nodes.get(&frame.task(**index).node);
            lost[**index]
                && status.is_none_or(|node| {
                    matches!(
                        node.status,
                        TaskStatus::Pending | TaskStatus::Backoff { .. }
                    )
                })
        };
        let next = frame.tasks().iter().find(pending).copied();
        if let Some(index) = next {
            self.leave_out(frame.task(index), now);
        }
        next.is_some()
    }

    /// Whether the deferred task at element `index` waits for a row that a quarantined failure took away.
    pub(crate) fn is_deferred_for_good(&self, frame: &Frame, index: usize) -> bool {
        let lost = self.lost(frame);
        let mut missing = frame.missing(index);
        missing.any(|upstream| upstream.is_some_and(|upstream| lost[upstream]))
    }

    fn failed_apart(&self, task: &TaskSpec) -> bool {
        let status = self.nodes.get(&task.node).map(|node| node.status);
        task.quarantine && !task.continue_on_fail && status == Some(TaskStatus::Failed)
    }

    /// For each element: it failed in quarantine, or depends on one that did and has not ended otherwise.
    fn lost(&self, frame: &Frame) -> Vec<bool> {
        let mut lost = vec![false; frame.tree.elements().len()];
        let mut found: Vec<usize> = Vec::new();
        for &index in frame.tasks() {
            if self.failed_apart(frame.task(index)) {
                lost[index] = true;
                found.push(index);
            }
        }
        while !found.is_empty() {
            found.clear();
            for &index in frame.tasks() {
                let depends = |id| frame.dependency(index, id).is_some_and(|on| lost[on]);
                let task = frame.task(index);
                if !lost[index] && self.may_be_lost(task) && task.depends_on.iter().any(depends) {
                    lost[index] = true;
                    found.push(index);
                }
            }
        }
        lost
    }

    fn may_be_lost(&self, task: &TaskSpec) -> bool {
        let status = self.nodes.get(&task.node).map(|node| node.status);
        !task.skip_if
            && status.is_none_or(|status| {
                matches!(
                    status,
                    TaskStatus::Pending | TaskStatus::Backoff { .. } | TaskStatus::Skipped
                )
            })
    }
}
