//! Approvals that nobody answers in time: the fallback owner is called, and at the end the time is over for
//! everybody (operations 10). Time never approves anything.

use serde_json::json;
use smithers_model::approval::{Approval, Decision};
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::command::{Command, Lapse};
use smithers_model::event::Event;
use smithers_model::ownership::{Custody, OnExpire};
use smithers_model::planted::{Bug, planted};
use smithers_model::run::Actor;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::state::RunState;

/// Who escalates.
const ESCALATION: &str = "system:escalation";
/// Who denies what nobody has answered.
const EXPIRY: &str = "system:expiry";

impl RunState {
    /// Deals with every approval whose time is over, as far as the step has room; the rest stays due.
    pub(crate) fn lapse_approvals(&mut self, now: Timestamp) {
        let is_due = |approval: &&Approval| approval.next_due().is_some_and(|due| due <= now);
        let due = self.approvals.values().filter(is_due);
        let due: Vec<NodeKey> = due.map(|approval| approval.node.clone()).collect();
        for node in due {
            if self.open.is_full() {
                break;
            }
            if self.waits(&node) {
                self.lapse(&node, now);
            }
        }
    }

    /// Records an escalation whose time came before the answer does and that nobody has noticed yet.
    pub(crate) fn escalate_before_answer(&mut self, node: &NodeKey, now: Timestamp) {
        let due = self.custody(node).and_then(Custody::escalation_due);
        if due.is_some_and(|due| due <= now) {
            self.escalate(node, now);
        }
    }

    /// Escalates and expires one approval, in the order of the due times.
    fn lapse(&mut self, node: &NodeKey, now: Timestamp) {
        while let Some(due) = self.approvals.get(node).and_then(Approval::next_due)
            && due <= now
        {
            let escalation = self.custody(node).and_then(Custody::escalation_due);
            if escalation == Some(due) {
                self.escalate(node, now);
            } else {
                self.expire(node, now);
            }
        }
    }

    fn escalate(&mut self, node: &NodeKey, now: Timestamp) {
        let Some(custody) = self.change_custody(node, |custody| custody.escalated_at = Some(now))
        else {
            return;
        };
        self.record_lapse(node, Lapse::Escalated, &custody, now);
        self.open.event(Event::ApprovalEscalated {
            node: node.clone(),
            owner: custody.owner,
            fallback_owner: custody.fallback_owner,
        });
    }

    fn expire(&mut self, node: &NodeKey, now: Timestamp) {
        let on_expire = self.approvals[node].request.ownership.on_expire;
        let Some(custody) = self.change_custody(node, |custody| custody.expired_at = Some(now))
        else {
            return;
        };
        self.record_lapse(node, Lapse::Expired(on_expire), &custody, now);
        self.open.event(Event::ApprovalExpired {
            node: node.clone(),
            on_expire,
        });
        match on_expire {
            OnExpire::Wait => {}
            OnExpire::Deny => self.deny_expired(node, now),
        }
    }

    /// Denies what nobody has answered; from here on it is a denial like any other.
    fn deny_expired(&mut self, node: &NodeKey, now: Timestamp) {
        let denial = Decision {
            approved: planted(Bug::SilenceApproves),
            note: Some("Nobody decided in time".into()),
            decided_by: Some(EXPIRY.into()),
            token_id: None,
            value: None,
            request_digest: None,
            decided_at: now,
        };
        self.answer(node, denial, &by_time(EXPIRY), now);
    }

    fn custody(&self, node: &NodeKey) -> Option<&Custody> {
        self.approvals.get(node).map(|approval| &approval.custody)
    }

    /// Changes and stores who answers for an approval; returns it as it is then.
    fn change_custody(
        &mut self,
        node: &NodeKey,
        change: impl FnOnce(&mut Custody),
    ) -> Option<Custody> {
        let custody = &mut self.approvals.get_mut(node)?.custody;
        change(custody);
        let custody = custody.clone();
        self.open.change(RowChange::PutCustody {
            node: node.clone(),
            custody: custody.clone(),
        });
        self.open.transition();
        Some(custody)
    }

    /// Puts a lapse into the audit trail and has people told of it.
    fn record_lapse(&mut self, node: &NodeKey, lapse: Lapse, custody: &Custody, now: Timestamp) {
        let (kind, outcome) = match lapse {
            Lapse::Escalated => (kind::ESCALATION, "escalated"),
            Lapse::Expired(OnExpire::Wait) => (kind::EXPIRY, "waiting"),
            Lapse::Expired(OnExpire::Deny) => (kind::EXPIRY, "denied"),
        };
        let (actor, responsible) = match lapse {
            Lapse::Escalated => (ESCALATION, &custody.fallback_owner),
            Lapse::Expired(_) => (EXPIRY, &custody.owner),
        };
        let detail = json!({
            "iteration": node.iteration,
            "owner": custody.owner,
            "fallbackOwner": custody.fallback_owner,
        });
        self.open.change(RowChange::Audit(AuditRecord {
            subject: Some(node.node_id.to_string()),
            detail: RawJson::of(&detail),
            ..AuditRecord::by(now, &by_time(actor), kind, outcome).about(&self.run.run_id)
        }));
        self.open.command(Command::Notify {
            node: node.clone(),
            lapse,
            responsible: responsible.clone(),
        });
    }
}

/// Time itself, under the name it acts by.
fn by_time(name: &str) -> Actor {
    Actor {
        user_id: Some(name.into()),
        channel: Channel::Scheduler,
        ..Actor::default()
    }
}
