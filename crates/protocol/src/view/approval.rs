//! Pending approvals.

use serde::Serialize;
use serde_json::value::RawValue;

/// A pending approval in `listApprovals` and in the hello snapshot.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRow<'a> {
    /// The run that waits.
    pub run_id: &'a str,
    /// Key of its workflow.
    pub workflow_key: &'a str,
    /// The node that waits.
    pub node_id: &'a str,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// The question.
    pub request_title: &'a str,
    /// More about it.
    pub request_summary: Option<&'a str>,
    /// When it was asked.
    pub requested_at_ms: i64,
    /// `decision`, `select`, `rank` or `gate`.
    pub approval_mode: &'static str,
    /// What can be chosen.
    pub options: Vec<OptionRow<'a>>,
    /// Scopes of which the decider must hold one, if there are any.
    pub allowed_scopes: &'a [String],
    /// Users who may decide, if there are any.
    pub allowed_users: &'a [String],
    /// When it is approved without a person.
    pub auto_approve: Option<AutoApproveRow>,
    /// Digest of what is asked, for the decision to carry; left out where an older version asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_digest: Option<&'a str>,
    /// How many people have to say yes; left out, with the votes, where one answer decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_approvals: Option<u32>,
    /// What people said so far, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub votes: Option<Vec<VoteRow<'a>>>,
    /// What an answer has to fit, a JSON Schema, when a person is asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_schema: Option<&'a RawValue>,
    /// Who is responsible. This and what follows is left out of approvals without owners and times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who is responsible too once it has escalated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_owner: Option<String>,
    /// When it escalates, unless it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalates_at_ms: Option<i64>,
    /// When it escalated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated_at_ms: Option<i64>,
    /// When it expires, or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
    /// What becomes of it then: `deny` or `wait`. Left out when it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_expire: Option<&'static str>,
    /// When its expiry was recorded; it waits on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_at_ms: Option<i64>,
    /// Whoever launched the run must not decide it; left out where they may.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forbid_self_approval: bool,
}

/// One of several choices.
#[derive(Debug, Clone, Serialize)]
pub struct OptionRow<'a> {
    /// What a decision names.
    pub key: &'a str,
    /// What people read.
    pub label: &'a str,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<&'a str>,
}

/// What one of several people said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VoteRow<'a> {
    /// User id of the voter.
    pub decided_by: Option<&'a str>,
    /// Yes or no.
    pub approved: bool,
    /// What they wrote.
    pub note: Option<&'a str>,
    /// When they voted.
    pub decided_at_ms: i64,
}

/// When an approval is given without a person.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoApproveRow {
    /// After how many earlier approvals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Whether the trail tells what it rests on.
    pub audit: bool,
    /// Whether its condition holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition_met: Option<bool>,
    /// Whether its reason to go back holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revert_on_met: Option<bool>,
}
