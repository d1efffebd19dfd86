//! Approvals that nobody is asked for, because of what people decided before in other runs (workflow-model 9.1).
//!
//! What was decided elsewhere is a fact that the owner of the run reads. It is asked for when the turn of the node
//! comes, so that a denial that was given a moment before counts.

use serde_json::{Value, json};
use smithers_model::approval::{
    AUTO_DECIDER, Approval, ApprovalMode, ApprovalRequest, AutoApprove, Decision, Precedent,
};
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::event::Event;
use smithers_model::ownership::Custody;
use smithers_model::run::Actor;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::refusal::Refusal;
use crate::state::RunState;

/// What the note of such a decision says.
const NOTE: &str = "Auto-approved";

/// What the owner of a run is to find out: how people decided about this node in other runs of the workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrecedentRequest {
    /// Which node.
    pub node: NodeKey,
    /// How many decisions are enough, the newest ones.
    pub most: u32,
}

impl RunState {
    /// Returns what has to be read before the run goes on; answered with
    /// [`Fact::PrecedentsRead`](smithers_model::fact::Fact::PrecedentsRead).
    pub fn precedent_request(&self) -> Option<PrecedentRequest> {
        let wanted = self.precedents_wanted.first_key_value();
        wanted.map(|(node, most)| PrecedentRequest {
            node: node.clone(),
            most: *most,
        })
    }

    /// Takes what was read; the turn of the node comes again at once.
    pub(crate) fn precedents_read(
        &mut self,
        node: NodeKey,
        found: Vec<Precedent>,
    ) -> Result<(), Refusal> {
        if self.precedents_wanted.remove(&node).is_some() {
            self.precedents.insert(node, found);
        }
        Ok(())
    }

    /// What was read counts for the turn it was read for: a denial may come before the next one.
    pub(crate) fn forget_precedents(&mut self) {
        if self.precedents_wanted.is_empty() {
            self.precedents.clear();
        }
    }

    /// Returns true when it has to be read what people decided before anybody is asked, and wants it to be.
    pub(crate) fn wants_precedents(&mut self, node: &NodeKey, request: &ApprovalRequest) -> bool {
        let auto = request.auto_approve.filter(|_| !self.policy.always_ask);
        let needed = auto.and_then(|auto| auto.precedents_needed());
        let most = needed.filter(|needed| *needed > 0);
        match most {
            Some(most) if !self.precedents.contains_key(node) => {
                self.precedents_wanted.insert(node.clone(), most);
                true
            }
            _ => false,
        }
    }

    /// Gives the approval without asking, when the workflow wants that and enough people have said yes before.
    /// Returns false when somebody is to be asked.
    pub(crate) fn approve_by_itself(
        &mut self,
        node: &NodeKey,
        request: &ApprovalRequest,
        now: Timestamp,
    ) -> bool {
        if self.policy.always_ask {
            return false;
        }
        let found = self.precedents.remove(node).unwrap_or_default();
        let Some((auto, grounds)) = grounds(request, &found) else {
            return false;
        };
        let digest = request.digest(&self.run.run_id, node);
        let approval = Approval {
            run_id: self.run.run_id.clone(),
            node: node.clone(),
            request: request.clone(),
            request_digest: Some(digest.clone()),
            asked_by: self.run.workflow_hash.clone(),
            requested_at: now,
            custody: Custody::default(),
            votes: Vec::new(),
            decision: Some(decision(request, digest.clone(), now)),
            auto_approved: true,
        };
        self.approvals.insert(node.clone(), approval.clone());
        self.standings.touch(node);
        self.open
            .change(RowChange::RequestApproval(Box::new(approval)));
        self.open.event(Event::ApprovalAutoApproved {
            node: node.clone(),
            request_digest: Some(digest.clone()),
        });
        self.open.transition();
        self.record_auto(node, auto, grounds, &digest, now);
        true
    }

    fn record_auto(
        &mut self,
        node: &NodeKey,
        auto: AutoApprove,
        grounds: &[Precedent],
        digest: &str,
        now: Timestamp,
    ) {
        let mut detail = json!({
            "iteration": node.iteration,
            "note": NOTE,
            "requestDigest": digest,
            "after": auto.after.unwrap_or(0),
        });
        if auto.audit {
            detail["restsOn"] = rests_on(grounds);
        }
        let nobody = Actor {
            user_id: Some(AUTO_DECIDER.into()),
            channel: Channel::Gateway,
            ..Actor::default()
        };
        self.open.change(RowChange::Audit(AuditRecord {
            subject: Some(node.node_id.to_string()),
            detail: RawJson::of(&detail),
            ..AuditRecord::by(now, &nobody, kind::APPROVAL, "auto-approved").about(&self.run.run_id)
        }));
    }
}

/// Most approvals that a row of the trail names; of more, it names the newest ones and their number.
const MOST_NAMED: usize = 20;

fn rests_on(grounds: &[Precedent]) -> Value {
    let named = &grounds[..grounds.len().min(MOST_NAMED)];
    json!({ "approvals": grounds.len(), "newest": named })
}

/// What an approval without a person rests on, the newest first; `None` when a person is to be asked.
fn grounds<'a>(
    request: &ApprovalRequest,
    found: &'a [Precedent],
) -> Option<(AutoApprove, &'a [Precedent])> {
    let auto = request.auto_approve?;
    let needed = usize::try_from(auto.precedents_needed()?).ok()?;
    let newest = found.get(..needed)?;
    let all_said_yes = newest.iter().all(|precedent| precedent.approved);
    all_said_yes.then_some((auto, newest))
}

fn decision(request: &ApprovalRequest, digest: String, now: Timestamp) -> Decision {
    Decision {
        approved: true,
        note: Some(NOTE.into()),
        decided_by: Some(AUTO_DECIDER.into()),
        token_id: None,
        value: default_answer(request),
        request_digest: Some(digest),
        decided_at: now,
    }
}

/// The first option, or all in their order.
fn default_answer(request: &ApprovalRequest) -> Option<RawJson> {
    let keys: Vec<&str> = request.options.iter().map(|option| &*option.key).collect();
    let answer = match request.mode {
        ApprovalMode::Decision | ApprovalMode::Gate => return None,
        ApprovalMode::Select => json!({ "selected": keys.first() }),
        ApprovalMode::Rank => json!({ "ranked": keys }),
    };
    Some(RawJson::of(&answer))
}
