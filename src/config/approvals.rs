//! Who is responsible for approvals that do not say so themselves.

use std::fmt;

use smithers_model::ownership::{ApprovalPolicy, ESCALATE_AFTER};
use smithers_model::party::Party;

use super::key::{Key, key};
use super::reader::Reader;

/// Who is responsible for approvals that do not say so themselves.
///
/// A default owner is responsible and is escalated from; who may decide does not change by naming one, so that
/// clients which decide today go on to. `enforce_default_owner` makes it restrict as an owner does that an approval
/// names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// Owner of approvals that name none.
    pub default_owner: Option<Party>,
    /// Fallback owner of approvals that name none.
    pub fallback_owner: Option<Party>,
    /// How long an owner has before the fallback owner may decide too.
    pub escalate_after: std::time::Duration,
    /// Only the default owner decides what names no owner.
    pub enforce_default_owner: bool,
    /// Nobody decides approvals of a run that they launched.
    pub forbid_self: bool,
    /// A person is asked for every approval, whatever its workflow says.
    pub always_ask: bool,
}

impl Approvals {
    pub(super) fn read(reader: &mut Reader<'_>) -> Approvals {
        reader.section(
            "approvals",
            "Who is responsible for approvals that do not say so themselves.",
        );
        Approvals {
            default_owner: party(
                reader,
                key(
                    "approvals.default_owner",
                    "SMITHERS_APPROVAL_DEFAULT_OWNER",
                    "Owner of approvals that name none.",
                ),
            ),
            fallback_owner: party(
                reader,
                key(
                    "approvals.fallback_owner",
                    "SMITHERS_APPROVAL_FALLBACK_OWNER",
                    "Who may decide too once the owner had their time, for approvals that name nobody.",
                ),
            ),
            escalate_after: reader.span(
                key(
                    "approvals.escalate_after",
                    "SMITHERS_APPROVAL_ESCALATE_AFTER",
                    "How long an owner has before the fallback owner may decide too.",
                ),
                ESCALATE_AFTER,
            ),
            enforce_default_owner: reader.flag(
                key(
                    "approvals.enforce_default_owner",
                    "SMITHERS_APPROVAL_ENFORCE_DEFAULT_OWNER",
                    "Only the default owner decides what names no owner; otherwise it is named and everybody who may decide may go on to.",
                ),
                false,
            ),
            forbid_self: reader.flag(
                key(
                    "approvals.forbid_self",
                    "SMITHERS_APPROVAL_FORBID_SELF",
                    "Nobody decides approvals of a run that they launched; a token without a user decides none.",
                ),
                false,
            ),
            always_ask: reader.flag(
                key(
                    "approvals.always_ask",
                    "SMITHERS_APPROVAL_ALWAYS_ASK",
                    "A person is asked for every approval, whatever its autoApprove says.",
                ),
                false,
            ),
        }
    }

    /// Warns of settings that cannot do what they are for.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.default_owner.is_some() && self.default_owner == self.fallback_owner {
            warnings.push(
                "SMITHERS_APPROVAL_DEFAULT_OWNER and SMITHERS_APPROVAL_FALLBACK_OWNER are the same: nobody steps in when the owner is away"
                    .to_owned(),
            );
        }
        if self.enforce_default_owner && self.default_owner.is_none() {
            warnings.push(
                "SMITHERS_APPROVAL_ENFORCE_DEFAULT_OWNER has no effect without SMITHERS_APPROVAL_DEFAULT_OWNER"
                    .to_owned(),
            );
        }
        warnings
    }

    /// Returns what runs need of it.
    pub fn policy(&self) -> ApprovalPolicy {
        ApprovalPolicy {
            owner: self.default_owner.clone(),
            fallback_owner: self.fallback_owner.clone(),
            escalate_after: self.escalate_after,
            enforce_owner: self.enforce_default_owner,
            forbid_self: self.forbid_self,
            always_ask: self.always_ask,
        }
    }
}

/// Somebody or nobody, shown as it is written.
struct Named(Option<Party>);

impl fmt::Display for Named {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |party| party.fmt(out))
    }
}

fn party(reader: &mut Reader<'_>, key: Key) -> Option<Party> {
    let accepted = "a user id, team:slug or role:name".to_owned();
    let parse = |text: &str| {
        let party = Party::parse(text).map_err(|error| error.to_string())?;
        Ok(Named(Some(party)))
    };
    reader.parsed(key, Named(None), accepted, parse).0
}
