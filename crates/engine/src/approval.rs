//! Approvals in a run: asking and deciding.

use serde_json::json;
use smithers_model::approval::{Approval, ApprovalRequest, ApprovalStatus, Decision};
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::command::Command;
use smithers_model::event::Event;
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::RowChange;
use smithers_model::wait::WaitKind;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::decision;
use crate::lifecycle::{TaskFact, TaskStatus};
use crate::refusal::Refusal;
use crate::state::RunState;

/// Decider of approvals that end with their run.
const CANCELLER: &str = "smithers:cancel";

impl RunState {
    /// Asks about `node`: the request is durable and visible with this step.
    pub(crate) fn ask(&mut self, node: &NodeKey, request: &ApprovalRequest, now: Timestamp) {
        let approval = Approval {
            run_id: self.run.run_id.clone(),
            node: node.clone(),
            request: request.clone(),
            request_digest: Some(request.digest(&self.run.run_id, node)),
            asked_by: self.run.workflow_hash.clone(),
            requested_at: now,
            custody: self.policy.custody(&request.ownership, now),
            votes: Vec::new(),
            decision: None,
            auto_approved: false,
        };
        if let Some(due) = approval.next_due() {
            self.open.command(Command::WakeAt(due));
        }
        let request_digest = approval.request_digest.clone();
        self.approvals.insert(node.clone(), approval.clone());
        self.open
            .change(RowChange::RequestApproval(Box::new(approval)));
        self.forget_due(node);
        self.begin_to_wait(node, WaitKind::Approval, now);
        self.open.event(Event::ApprovalRequested {
            node: node.clone(),
            request: request.clone(),
            request_digest,
        });
        self.open
            .event(Event::NodeWaitingApproval { node: node.clone() });
    }

    /// Takes somebody's answer. A parked run goes on from here and begins with a frame; a paused one does not.
    pub(crate) fn decide_approval(
        &mut self,
        node: NodeKey,
        answer: Decision,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.check_decision(&node, &answer, actor, now)?;
        self.check_vote(&node, &answer)?;
        self.escalate_before_answer(&node, now);
        if self.is_decided_by(&node, &answer, actor, now) {
            self.answer(&node, answer, actor, now);
        }
        Ok(())
    }

    /// Records an answer that fits, and lets the node go on with it.
    pub(crate) fn answer(
        &mut self,
        node: &NodeKey,
        answer: Decision,
        actor: &Actor,
        now: Timestamp,
    ) {
        let record = self.decision_record(node, &answer, actor, now);
        self.record_decision(node, answer, now);
        self.move_node(node, TaskFact::Answered, now);
        self.open.change(RowChange::Audit(record));
        if !matches!(self.run.status, RunStatus::Running | RunStatus::Paused) {
            self.go_on(now);
        }
    }

    fn check_decision(
        &self,
        node: &NodeKey,
        answer: &Decision,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let not_waiting = || Refusal::NotWaiting {
            node: node.node_id.clone(),
        };
        let approval = self.approvals.get(node).ok_or_else(not_waiting)?;
        if approval.decision.is_some() {
            return Err(Refusal::AlreadyDecided {
                node: node.node_id.clone(),
                status: approval.status(),
            });
        }
        self.must_not_have_expired(approval, now)?;
        decision::check_lists(&approval.request, actor)?;
        self.check_owner(approval, actor, now)?;
        check_question(approval, answer)?;
        decision::check_answer(&approval.request, answer)?;
        if self.waits(node) {
            Ok(())
        } else {
            Err(not_waiting())
        }
    }

    /// Returns true when `node` waits for an answer.
    pub(crate) fn waits(&self, node: &NodeKey) -> bool {
        let known = self.nodes.get(node);
        known.is_some_and(|known| known.status == TaskStatus::Waiting(WaitKind::Approval))
    }

    fn record_decision(&mut self, node: &NodeKey, answer: Decision, now: Timestamp) {
        let Some(approval) = self.approvals.get_mut(node) else {
            return;
        };
        let answer = Decision {
            request_digest: approval.request_digest.clone(),
            decided_at: now,
            ..answer
        };
        approval.decision = Some(answer.clone());
        let node = node.clone();
        self.open.event(match approval.status() {
            ApprovalStatus::Approved => Event::ApprovalGranted {
                node: node.clone(),
                request_digest: answer.request_digest.clone(),
            },
            _ => Event::ApprovalDenied {
                node: node.clone(),
                request_digest: answer.request_digest.clone(),
            },
        });
        self.open.change(RowChange::DecideApproval {
            node,
            decision: answer,
        });
    }

    fn decision_record(
        &self,
        node: &NodeKey,
        answer: &Decision,
        actor: &Actor,
        now: Timestamp,
    ) -> AuditRecord {
        let outcome = if answer.approved {
            "approved"
        } else {
            "denied"
        };
        self.outcome_record(node, answer, outcome, actor, now)
    }

    /// What the trail says of an answer that came to `outcome`.
    pub(crate) fn outcome_record(
        &self,
        node: &NodeKey,
        answer: &Decision,
        outcome: &'static str,
        actor: &Actor,
        now: Timestamp,
    ) -> AuditRecord {
        let asked = self.approvals.get(node);
        let detail = json!({
            "iteration": node.iteration,
            "note": answer.note,
            "requestDigest": asked.and_then(|approval| approval.request_digest.as_deref()),
        });
        AuditRecord {
            subject: Some(node.node_id.to_string()),
            detail: RawJson::of(&detail),
            ..AuditRecord::by(now, actor, kind::APPROVAL, outcome).about(&self.run.run_id)
        }
    }

    /// Denies an approval that ends with its run.
    pub(crate) fn deny_ended(&mut self, node: &NodeKey, note: &str, now: Timestamp) {
        let end = Decision {
            approved: false,
            note: Some(note.into()),
            decided_by: Some(CANCELLER.into()),
            token_id: None,
            value: None,
            request_digest: None,
            decided_at: now,
        };
        self.record_decision(node, end, now);
    }
}

/// Checks that whoever says what they read has read what is asked now.
fn check_question(approval: &Approval, answer: &Decision) -> Result<(), Refusal> {
    let claimed = answer.request_digest.as_ref();
    if claimed.is_none_or(|claimed| approval.request_digest.as_ref() == Some(claimed)) {
        return Ok(());
    }
    Err(Refusal::AnotherQuestion {
        node: approval.node.node_id.clone(),
        asked: approval.request_digest.clone(),
    })
}
