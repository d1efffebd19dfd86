//! Who may decide an approval as far as its owners and the launcher of the run go (operations 10).

use smithers_model::Timestamp;
use smithers_model::approval::{Approval, ApprovalStatus};
use smithers_model::ownership::OnExpire;
use smithers_model::run::Actor;

use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Checks that `actor` is an owner of `approval` at `now`, and is not the launcher where that is forbidden.
    pub(crate) fn check_owner(
        &self,
        approval: &Approval,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if !approval.custody.admits(actor, &self.policy, now) {
            return Err(Refusal::NotAnOwner);
        }
        let forbids_self = approval.request.ownership.forbid_self_approval;
        let forbidden = forbids_self || self.policy.forbid_self;
        if forbidden && !self.is_surely_another(actor) {
            return Err(Refusal::SelfApproval);
        }
        Ok(())
    }

    /// Returns true when `actor` is known not to be the launcher. Somebody without a user id can be anybody.
    fn is_surely_another(&self, actor: &Actor) -> bool {
        match (&actor.user_id, &self.launcher) {
            (Some(decider), Some(launcher)) => decider != launcher,
            _ => false,
        }
    }

    /// Refuses an answer that comes when the approval is denied by its expiry, also in the moment before
    /// that is recorded.
    pub(crate) fn must_not_have_expired(
        &self,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let denies = approval.request.ownership.on_expire == OnExpire::Deny;
        let over = approval.custody.expiry_due().is_some_and(|due| due <= now);
        if denies && over {
            return Err(Refusal::AlreadyDecided {
                node: approval.node.node_id.clone(),
                status: ApprovalStatus::Denied,
            });
        }
        Ok(())
    }
}
