//! Questions of a workflow that has changed since they were asked.
//!
//! A decision is about what was asked. Where the workflow that goes on asks something else at the same node, what was
//! asked and what was answered before count no more, and people are asked anew. A question that reads the same stays,
//! with its answer and its votes.

use smithers_model::approval::{Approval, ApprovalRequest};
use smithers_model::wait::WaitKind;
use smithers_model::{NodeKey, Timestamp};

use crate::frame::Frame;
use crate::lifecycle::TaskStatus;
use crate::state::RunState;

impl RunState {
    /// Finds the approvals that another module asked for than the run goes on with now.
    pub(crate) fn find_foreign_questions(&mut self) {
        let hash = self.run.workflow_hash.as_ref();
        let is_foreign = |approval: &&Approval| {
            let asked_by = approval.asked_by.as_ref();
            asked_by.is_some() && asked_by != hash
        };
        let foreign = self.approvals.values().filter(is_foreign);
        self.foreign_questions = foreign.map(|approval| approval.node.clone()).collect();
    }

    /// Takes back what `frame` asks in other words, as far as nothing rests on the answer yet.
    pub(crate) fn take_back_changed_questions(&mut self, frame: &Frame, now: Timestamp) {
        let is_by_workflow = |node: &&NodeKey| {
            let asked = self.approvals.get(*node);
            asked.is_none_or(|asked| asked.request.replay.is_none())
        };
        let mounted = |node: &&NodeKey| frame.find(node).is_some() && is_by_workflow(node);
        let found: Vec<NodeKey> = self
            .foreign_questions
            .iter()
            .filter(mounted)
            .cloned()
            .collect();
        for node in found {
            let spec = frame.find(&node).and_then(|task| task.approval.as_ref());
            let Some(spec) = spec.filter(|_| self.is_unspent(&node)) else {
                continue;
            };
            self.foreign_questions.remove(&node);
            if self.asks_something_else(&node, &spec.request) {
                self.forget_due(&node);
                self.begin_again(&node, false, now);
                self.standings.touch(&node);
            }
        }
    }

    /// Whether the answer about `node` is still to come, or nothing has come of it.
    fn is_unspent(&self, node: &NodeKey) -> bool {
        let status = self.nodes.get(node).map(|node| node.status);
        matches!(
            status,
            Some(
                TaskStatus::Waiting(WaitKind::Approval)
                    | TaskStatus::Pending
                    | TaskStatus::Backoff { .. }
            )
        )
    }

    fn asks_something_else(&self, node: &NodeKey, request: &ApprovalRequest) -> bool {
        let standing = self.approvals.get(node);
        let asked = standing.and_then(|approval| approval.request_digest.as_ref());
        asked.is_some_and(|asked| *asked != request.digest(&self.run.run_id, node))
    }
}
