//! Pending approvals as clients see them.

use smithers_model::approval::ApprovalMode;
use smithers_protocol::view::{ApprovalRow, OptionRow};
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
        auto_approve: None,
        answer_schema: request
            .answer_schema
            .as_ref()
            .and_then(|schema| serde_json::from_str(schema.as_str()).ok()),
        owner: custody.owner.as_ref().map(ToString::to_string),
        fallback_owner: custody.fallback_owner.as_ref().map(ToString::to_string),
        escalated_at_ms: custody.escalated_at.map(|at| at.0),
        expires_at_ms: custody.expires_at.map(|at| at.0),
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
