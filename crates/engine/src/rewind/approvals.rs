//! Approvals of a rewind: what was decided by then stays, what was open is asked again.

use std::collections::BTreeSet;

use smithers_model::approval::Approval;
use smithers_model::history::ApprovalMark;
use smithers_model::rewind::RewindRequest;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, Timestamp};

use crate::state::RunState;

impl RunState {
    /// Approvals that were not decided by then count no more; their tasks ask when their turn comes.
    pub(super) fn withdraw_approvals(&mut self, request: &RewindRequest) {
        let decided = &request.past.snapshot.approvals;
        let stays = |key: &NodeKey| matches!(decided.get(key), Some(ApprovalMark::Decided { .. }));
        let gone = self.approvals.keys().filter(|key| !stays(key));
        // One that was withdrawn since is open in what the history says of the frame.
        let open = decided.keys().filter(|key| !stays(key));
        for node in gone.chain(open).cloned().collect::<BTreeSet<_>>() {
            self.open.change(RowChange::WithdrawApproval { node });
        }
    }

    /// Decisions that count again, though they were withdrawn or replaced since.
    pub(super) fn decisions_back(
        &self,
        request: &RewindRequest,
    ) -> Vec<(NodeKey, bool, Timestamp)> {
        let marks = request.past.snapshot.approvals.iter();
        let decided = marks.filter_map(|(node, mark)| match mark {
            ApprovalMark::Decided { approved, at } => Some((node.clone(), *approved, *at)),
            ApprovalMark::Asked => None,
        });
        decided
            .filter(|(node, approved, at)| !is_decided_so(self.approvals.get(node), *approved, *at))
            .collect()
    }
}

fn is_decided_so(approval: Option<&Approval>, approved: bool, at: Timestamp) -> bool {
    let decision = approval.and_then(|approval| approval.decision.as_ref());
    decision.is_some_and(|decision| decision.approved == approved && decision.decided_at == at)
}
