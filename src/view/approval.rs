//! Pending approvals as clients see them.

use smithers_model::approval::{Approval, ApprovalMode, AutoApprove, Decision};
use smithers_protocol::view::{ApprovalRow, AutoApproveRow, OptionRow, VoteRow};
use smithers_store::read::PendingApproval;

/// The row of `listApprovals` (gateway-protocol 11). It holds nothing of the run's input or outputs.
pub(crate) fn approval_row(pending: &PendingApproval) -> ApprovalRow<'_> {
    let approval = &pending.approval;
    let request = &approval.request;
    let custody = &approval.custody;
    ApprovalRow {
        run_id: approval.run_id.as_str(),
        workflow_key: pending.workflow_key.as_str(),
        node_id: approval.node.node_id.as_str(),
        iteration: approval.node.iteration,
        request_title: &request.title,
        request_summary: request.summary.as_deref(),
        requested_at_ms: approval.requested_at.0,
        request_digest: approval.request_digest.as_deref(),
        approval_mode: mode_text(request.mode),
        options: request
            .options
            .iter()
            .map(|option| OptionRow {
                key: &option.key,
                label: &option.label,
                summary: option.summary.as_deref(),
            })
            .collect(),
        allowed_scopes: &request.allowed_scopes,
        allowed_users: &request.allowed_users,
        auto_approve: request.auto_approve.as_ref().map(auto_row),
        required_approvals: required(approval),
        votes: votes(approval),
        answer_schema: request
            .answer_schema
            .as_ref()
            .and_then(|schema| serde_json::from_str(schema.as_str()).ok()),
        owner: custody.owner.as_ref().map(ToString::to_string),
        fallback_owner: custody.fallback_owner.as_ref().map(ToString::to_string),
        escalates_at_ms: custody.escalation_due().map(|at| at.0),
        escalated_at_ms: custody.escalated_at.map(|at| at.0),
        expires_at_ms: custody.expires_at.map(|at| at.0),
        on_expire: custody
            .expires_at
            .map(|_| request.ownership.on_expire.as_str()),
        expired_at_ms: custody.expired_at.map(|at| at.0),
        forbid_self_approval: request.ownership.forbid_self_approval,
    }
}

/// How many people have to say yes; none where one answer decides.
pub(crate) fn required(approval: &Approval) -> Option<u32> {
    let request = &approval.request;
    let required = request.required_approvals.get();
    request.counts_votes().then_some(required)
}

fn auto_row(auto: &AutoApprove) -> AutoApproveRow {
    AutoApproveRow {
        after: auto.after,
        audit: auto.audit,
        condition_met: auto.condition_met,
        revert_on_met: auto.revert_on_met,
    }
}

/// What people said so far; none where one answer decides.
pub(crate) fn votes(approval: &Approval) -> Option<Vec<VoteRow<'_>>> {
    required(approval).map(|_| approval.votes.iter().map(vote_row).collect())
}

fn vote_row(vote: &Decision) -> VoteRow<'_> {
    VoteRow {
        decided_by: vote.decided_by.as_deref(),
        approved: vote.approved,
        note: vote.note.as_deref(),
        decided_at_ms: vote.decided_at.0,
    }
}

fn mode_text(mode: ApprovalMode) -> &'static str {
    match mode {
        ApprovalMode::Decision => "decision",
        ApprovalMode::Select => "select",
        ApprovalMode::Rank => "rank",
        ApprovalMode::Gate => "gate",
    }
}
