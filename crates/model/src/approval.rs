//! Approvals: what is asked, and the decisions, which are append-only (DESIGN 9).

mod auto;
mod digest;

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

pub use auto::{AUTO_DECIDER, AutoApprove, Precedent};

use crate::effect::ReplayUnsafe;
use crate::json::RawJson;
use crate::ownership::{Custody, Ownership};
use crate::{NodeKey, RunId, Timestamp};

/// What kind of answer is asked for (gateway-protocol 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMode {
    /// Yes or no, by the Approval component.
    Decision,
    /// One of the offered options.
    Select,
    /// An order of the offered options.
    Rank,
    /// Permission for a task with `needsApproval` to run.
    Gate,
}

/// What becomes of the node when the answer is no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDeny {
    /// The node fails, and with it the run.
    #[default]
    Fail,
    /// The node stores its row with `approved: false` and the run goes on.
    Continue,
    /// As `Continue` (pinned by the probe approval-deny-skip).
    Skip,
}

/// One offered answer of a select or rank approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalOption {
    /// What a decision names.
    pub key: String,
    /// What a person reads.
    pub label: String,
    /// Longer text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub summary: Option<String>,
    /// Anything the author attached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub metadata: Option<RawJson>,
}

/// What is asked; stored as `request_json` when the node starts waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRequest {
    /// Kind of answer.
    pub mode: ApprovalMode,
    /// The walk passes over this node while it waits.
    #[serde(default)]
    pub wait_async: bool,
    /// Headline for the reviewer.
    pub title: String,
    /// Longer text for the reviewer.
    pub summary: Option<String>,
    /// Anything the author attached; stored, not shown.
    pub metadata: Option<RawJson>,
    /// Offered answers; empty unless the mode is select or rank.
    #[serde(default)]
    pub options: Vec<ApprovalOption>,
    /// When not empty, the decider must hold one of these.
    #[serde(default)]
    pub allowed_scopes: Vec<String>,
    /// When not empty, the decider's user id must be one of these.
    #[serde(default)]
    pub allowed_users: Vec<String>,
    /// So many different people have to say yes; a single no decides.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub required_approvals: NonZeroU32,
    /// Who is responsible, and what becomes of it when nobody answers.
    #[serde(default, skip_serializing_if = "Ownership::is_silent")]
    pub ownership: Ownership,
    /// When nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_approve: Option<AutoApprove>,
    /// Of a HumanTask: what an answer has to fit, a JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_schema: Option<RawJson>,
    /// The engine asks by itself, because effects of earlier attempts would be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Box<ReplayUnsafe>>,
}

impl ApprovalRequest {
    /// Asks a question that everybody may answer, in as few words as can be.
    pub fn new(mode: ApprovalMode, title: impl Into<String>) -> Self {
        Self {
            mode,
            wait_async: false,
            title: title.into(),
            summary: None,
            metadata: None,
            options: Vec::new(),
            allowed_scopes: Vec::new(),
            allowed_users: Vec::new(),
            required_approvals: one(),
            ownership: Ownership::default(),
            auto_approve: None,
            answer_schema: None,
            replay: None,
        }
    }

    /// Returns true when one answer is not enough, so that every answer is a vote.
    pub fn counts_votes(&self) -> bool {
        !is_one(&self.required_approvals)
    }
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn is_one(required: &NonZeroU32) -> bool {
    *required == one()
}

/// State of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalStatus {
    /// Somebody is asked.
    Requested,
    /// Answered with yes.
    Approved,
    /// Answered with no, or ended by the cancellation of the run.
    Denied,
}

impl ApprovalStatus {
    /// The stored text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

/// The answer to an approval, with who gave it; never updated after it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Yes or no.
    pub approved: bool,
    /// What the decider wrote.
    pub note: Option<String>,
    /// User id of the decider; none for a token without a user.
    pub decided_by: Option<String>,
    /// Id (never the text) of the token that was used.
    pub token_id: Option<String>,
    /// Selection or ranking, as sent.
    pub value: Option<RawJson>,
    /// Digest of the request that this answers. Where somebody decides it is a claim, and checked; in what is stored
    /// it is that of the request, or none where an older version asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_digest: Option<String>,
    /// When it became a fact.
    pub decided_at: Timestamp,
}

/// An approval of a run: the request and, once given, its decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The run that asks.
    pub run_id: RunId,
    /// The node that waits.
    pub node: NodeKey,
    /// What is asked.
    pub request: ApprovalRequest,
    /// The [digest](ApprovalRequest::digest) of it; none where an older version asked.
    pub request_digest: Option<String>,
    /// Hash of the module graph that asked; none for workflows without one, and where an older version asked.
    pub asked_by: Option<String>,
    /// When it was asked.
    pub requested_at: Timestamp,
    /// Who answers for it.
    pub custody: Custody,
    /// What people said so far, the oldest first; empty where one answer decides.
    pub votes: Vec<Decision>,
    /// The answer.
    pub decision: Option<Decision>,
    /// It was given without a person.
    pub auto_approved: bool,
}

impl Approval {
    /// State of the approval, derived from its decision.
    pub fn status(&self) -> ApprovalStatus {
        match &self.decision {
            None => ApprovalStatus::Requested,
            Some(decision) if decision.approved => ApprovalStatus::Approved,
            Some(_) => ApprovalStatus::Denied,
        }
    }

    /// When something is to happen with it next: an escalation or an expiry. None once it is decided.
    pub fn next_due(&self) -> Option<Timestamp> {
        match self.decision {
            None => self.custody.next_due(),
            Some(_) => None,
        }
    }
}
