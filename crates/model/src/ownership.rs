//! Who is responsible for an approval, and what becomes of one that nobody answers (operations 10).
//!
//! The author of a workflow says it with [`Ownership`], the operator with [`ApprovalPolicy`]. Asking makes of
//! both the [`Custody`] of that approval, which is stored: a later change of the configuration moves no
//! approval that waits to another owner.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::party::Party;
use crate::run::Actor;

/// How long an owner has before the fallback owner may decide too, unless somebody says otherwise.
pub const ESCALATE_AFTER: Duration = Duration::from_secs(4 * 60 * 60);

/// What becomes of an approval that nobody answers in time. There is no way to approve by silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnExpire {
    /// It goes on waiting; that its time is over is recorded once.
    #[default]
    Wait,
    /// It is denied by the gateway itself.
    Deny,
}

impl OnExpire {
    /// The stored text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Deny => "deny",
        }
    }
}

/// What an approval says of its owner; part of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ownership {
    /// Who decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Party>,
    /// Who may decide too once the owner had their time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_owner: Option<Party>,
    /// The owner's time, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_after_ms: Option<u64>,
    /// Everybody's time, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_after_ms: Option<u64>,
    /// What then.
    pub on_expire: OnExpire,
    /// The launcher of the run must not decide.
    pub forbid_self_approval: bool,
}

impl Ownership {
    /// Nothing is said: the approval is as it was before approvals had owners.
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// What the operator says of all approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// Owner of approvals that name none.
    pub owner: Option<Party>,
    /// Fallback owner of approvals that name none.
    pub fallback_owner: Option<Party>,
    /// The owner's time when the approval does not say.
    pub escalate_after: Duration,
    /// The default owner restricts who may decide, as an owner that is named by the approval does. Otherwise
    /// it says who is responsible, and who is not allowed does not change.
    pub enforce_owner: bool,
    /// The launcher of a run decides none of its approvals.
    pub forbid_self: bool,
    /// A person is asked for every approval, whatever its `autoApprove` says.
    pub always_ask: bool,
}

impl Default for ApprovalPolicy {
    fn default() -> Self {
        Self {
            owner: None,
            fallback_owner: None,
            escalate_after: ESCALATE_AFTER,
            enforce_owner: false,
            forbid_self: false,
            always_ask: false,
        }
    }
}

impl ApprovalPolicy {
    /// Returns the custody of an approval that is asked at `asked`. Without a fallback owner there is nobody
    /// to escalate to.
    pub fn custody(&self, ownership: &Ownership, asked: Timestamp) -> Custody {
        let fallback_owner = ownership.fallback_owner.as_ref();
        let fallback_owner = fallback_owner.or(self.fallback_owner.as_ref()).cloned();
        let own_time = ownership.escalate_after_ms.map(Duration::from_millis);
        let escalate_after = own_time.unwrap_or(self.escalate_after);
        let expires_after = ownership.expires_after_ms.map(Duration::from_millis);
        Custody {
            owner: ownership.owner.as_ref().or(self.owner.as_ref()).cloned(),
            owner_by_default: ownership.owner.is_none() && self.owner.is_some(),
            escalates_at: fallback_owner.is_some().then(|| asked.plus(escalate_after)),
            fallback_owner,
            escalated_at: None,
            expires_at: expires_after.map(|after| asked.plus(after)),
            expired_at: None,
        }
    }
}

/// Who answers for an approval that was asked, and when that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Custody {
    /// Who is responsible.
    pub owner: Option<Party>,
    /// The owner is the deployment's default.
    pub owner_by_default: bool,
    /// Who is responsible too from the escalation on.
    pub fallback_owner: Option<Party>,
    /// When the owner's time is over.
    pub escalates_at: Option<Timestamp>,
    /// When that was recorded.
    pub escalated_at: Option<Timestamp>,
    /// When everybody's time is over.
    pub expires_at: Option<Timestamp>,
    /// When that was recorded.
    pub expired_at: Option<Timestamp>,
}

impl Custody {
    /// When the escalation is to be recorded; none once it was.
    pub fn escalation_due(&self) -> Option<Timestamp> {
        self.escalates_at.filter(|_| self.escalated_at.is_none())
    }

    /// When the expiry is to be recorded; none once it was.
    pub fn expiry_due(&self) -> Option<Timestamp> {
        self.expires_at.filter(|_| self.expired_at.is_none())
    }

    /// When something is to happen next as long as nobody decides.
    pub fn next_due(&self) -> Option<Timestamp> {
        let dues = [self.escalation_due(), self.expiry_due()];
        dues.into_iter().flatten().min()
    }

    /// Returns true when the owner's time is over. What was recorded stays so, whatever the clock says.
    pub fn is_escalated(&self, now: Timestamp) -> bool {
        self.escalated_at.is_some() || self.escalates_at.is_some_and(|at| at <= now)
    }

    /// Returns true when `actor` may decide as far as owners go. Without an owner, and with one that the
    /// configuration only names, everybody may.
    pub fn admits(&self, actor: &Actor, policy: &ApprovalPolicy, now: Timestamp) -> bool {
        let restricts = !self.owner_by_default || policy.enforce_owner;
        let Some(owner) = self.owner.as_ref().filter(|_| restricts) else {
            return true;
        };
        let fallback_owner = self.fallback_owner.as_ref();
        let fallback_owner = fallback_owner.filter(|_| self.is_escalated(now));
        owner.includes(actor) || fallback_owner.is_some_and(|party| party.includes(actor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Timestamp = Timestamp(1_000);

    fn party(text: &str) -> Option<Party> {
        Some(Party::parse(text).unwrap())
    }

    fn user(id: &str) -> Actor {
        Actor {
            user_id: Some(id.into()),
            holds_all: true,
            ..Actor::default()
        }
    }

    fn owned() -> Ownership {
        Ownership {
            owner: party("ann"),
            fallback_owner: party("bob"),
            escalate_after_ms: Some(100),
            ..Ownership::default()
        }
    }

    /// Who of ann, bob and eve may decide at `now`.
    fn admitted(custody: &Custody, policy: &ApprovalPolicy, now: i64) -> Vec<&'static str> {
        let everybody = ["ann", "bob", "eve"].into_iter();
        let admits = |id: &&str| custody.admits(&user(id), policy, Timestamp(now));
        everybody.filter(admits).collect()
    }

    #[test]
    fn with_no_owner_anywhere_everybody_may_decide_and_nothing_is_due() {
        let policy = ApprovalPolicy::default();
        let custody = policy.custody(&Ownership::default(), ASKED);
        assert_eq!(custody, Custody::default());
        assert_eq!(custody.next_due(), None);
        assert_eq!(admitted(&custody, &policy, i64::MAX), ["ann", "bob", "eve"]);
    }

    #[test]
    fn the_owner_decides_and_the_fallback_owner_too_from_the_escalation_on() {
        let policy = ApprovalPolicy::default();
        let custody = policy.custody(&owned(), ASKED);
        assert_eq!(custody.next_due(), Some(Timestamp(1_100)));
        assert_eq!(admitted(&custody, &policy, 1_099), ["ann"]);
        assert_eq!(admitted(&custody, &policy, 1_100), ["ann", "bob"]);
    }

    #[test]
    fn an_escalation_that_was_recorded_survives_a_clock_that_goes_back() {
        let policy = ApprovalPolicy::default();
        let escalated = Custody {
            escalated_at: Some(Timestamp(1_100)),
            ..policy.custody(&owned(), ASKED)
        };
        assert_eq!(admitted(&escalated, &policy, 0), ["ann", "bob"]);
        assert_eq!(escalated.next_due(), None);
    }

    #[test]
    fn the_fallback_owner_has_four_hours_to_wait_unless_somebody_says_otherwise() {
        let silent = Ownership {
            escalate_after_ms: None,
            ..owned()
        };
        let policy = ApprovalPolicy::default();
        let due = policy.custody(&silent, ASKED).escalates_at;
        assert_eq!(due, Some(Timestamp(1_000 + 4 * 3_600_000)));
        let hasty = ApprovalPolicy {
            escalate_after: Duration::from_millis(7),
            ..policy
        };
        assert_eq!(
            hasty.custody(&silent, ASKED).escalates_at,
            Some(Timestamp(1_007))
        );
        assert_eq!(
            hasty.custody(&owned(), ASKED).escalates_at,
            Some(Timestamp(1_100))
        );
    }

    #[test]
    fn without_a_fallback_owner_nothing_escalates() {
        let alone = Ownership {
            fallback_owner: None,
            ..owned()
        };
        let custody = ApprovalPolicy::default().custody(&alone, ASKED);
        assert_eq!(custody.escalates_at, None);
        assert!(!custody.is_escalated(Timestamp(i64::MAX)));
    }

    #[test]
    fn a_default_owner_is_named_but_restricts_only_when_it_is_enforced() {
        let naming = ApprovalPolicy {
            owner: party("ann"),
            fallback_owner: party("bob"),
            ..ApprovalPolicy::default()
        };
        let custody = naming.custody(&Ownership::default(), ASKED);
        assert_eq!(
            (&custody.owner, custody.owner_by_default),
            (&party("ann"), true)
        );
        assert!(custody.escalates_at.is_some());
        assert_eq!(admitted(&custody, &naming, 0), ["ann", "bob", "eve"]);
        let enforcing = ApprovalPolicy {
            enforce_owner: true,
            ..naming
        };
        assert_eq!(admitted(&custody, &enforcing, 0), ["ann"]);
        assert_eq!(admitted(&custody, &enforcing, i64::MAX), ["ann", "bob"]);
    }

    #[test]
    fn the_earlier_of_escalation_and_expiry_is_due_first() {
        let both = Ownership {
            expires_after_ms: Some(50),
            ..owned()
        };
        let mut custody = ApprovalPolicy::default().custody(&both, ASKED);
        assert_eq!(custody.next_due(), Some(Timestamp(1_050)));
        custody.expired_at = Some(Timestamp(1_050));
        assert_eq!(custody.next_due(), Some(Timestamp(1_100)));
    }
}
