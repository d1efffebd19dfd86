//! Votes: approvals that several people have to give. Every answer is a vote, everybody has one, and a no decides.

use smithers_model::approval::{Approval, Decision};
use smithers_model::event::Event;
use smithers_model::run::Actor;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, Timestamp};

use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// Checks that whoever answers is somebody, where people are counted, and has not voted before.
    pub(crate) fn check_vote(&self, node: &NodeKey, answer: &Decision) -> Result<(), Refusal> {
        let Some(approval) = self.counted(node) else {
            return Ok(());
        };
        match &answer.decided_by {
            // A no of nobody in particular decides as every no does; a yes has to be somebody's.
            None if answer.approved => Err(Refusal::VoterUnknown),
            None => Ok(()),
            voter if approval.votes.iter().any(|vote| vote.decided_by == *voter) => {
                Err(Refusal::AlreadyVoted)
            }
            Some(_) => Ok(()),
        }
    }

    /// Counts `answer`, which has passed all checks, and returns true when it decides.
    pub(crate) fn is_decided_by(
        &mut self,
        node: &NodeKey,
        answer: &Decision,
        actor: &Actor,
        now: Timestamp,
    ) -> bool {
        if self.counted(node).is_none() {
            return true;
        }
        let Some(approval) = self.approvals.get_mut(node) else {
            return true;
        };
        let vote = Decision {
            request_digest: approval.request_digest.clone(),
            decided_at: now,
            ..answer.clone()
        };
        approval.votes.push(vote.clone());
        let approvals = approvals(approval);
        let required = approval.request.required_approvals.get();
        self.open.event(Event::ApprovalVoted {
            node: node.clone(),
            approved: vote.approved,
            decided_by: vote.decided_by.clone(),
            approvals,
            required_approvals: required,
            request_digest: vote.request_digest.clone(),
        });
        let decides = !vote.approved || approvals >= required;
        if !decides {
            let record = self.outcome_record(node, &vote, "voted", actor, now);
            self.open.change(RowChange::Audit(record));
        }
        let node = node.clone();
        self.open.change(RowChange::CastVote { node, vote });
        decides
    }

    /// The approval of `node` when it takes more than one answer.
    fn counted(&self, node: &NodeKey) -> Option<&Approval> {
        let approval = self.approvals.get(node)?;
        approval.request.counts_votes().then_some(approval)
    }
}

/// How many have said yes.
fn approvals(approval: &Approval) -> u32 {
    let yes = approval.votes.iter().filter(|vote| vote.approved).count();
    u32::try_from(yes).unwrap_or(u32::MAX)
}
