//! `listApprovals` and `submitApproval`.

use serde_json::Value;

use super::Params;
use super::fields::{flag, integer_up_to, limit, object, present, text};
use crate::error::RpcError;
use crate::limits;

/// Parameters of `listApprovals`; the fields may be in `filter` or beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListApprovals {
    /// Only approvals of this run.
    pub run_id: Option<String>,
    /// Only approvals of runs of this workflow, by its key.
    pub workflow: Option<String>,
    /// Most rows to answer.
    pub limit: Option<usize>,
}

impl ListApprovals {
    /// Reads the parameters.
    pub fn read(params: &Params) -> Result<ListApprovals, RpcError> {
        let filter = object(params, "filter");
        let either = |key: &str| text(&filter, key).or_else(|| text(params, key));
        let most = match limit(&filter)? {
            Some(limit) => Some(limit),
            None => limit(params)?,
        };
        Ok(ListApprovals {
            run_id: either("runId"),
            workflow: either("workflow"),
            limit: most,
        })
    }
}

/// Parameters of `submitApproval`.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmitApproval {
    /// The run that waits.
    pub run_id: String,
    /// The node that waits.
    pub node_id: String,
    /// Its iteration, from 0.
    pub iteration: u32,
    /// Whether it may go on.
    pub approved: bool,
    /// What the person wrote about it.
    pub note: Option<String>,
    /// What is stored as the decision, such as the selection: `decision.value` if there is one, else the whole `decision`.
    pub decision: Option<Value>,
    /// Digest of the request that the person has read; the decision counts for no other.
    pub request_digest: Option<String>,
}

impl SubmitApproval {
    /// Reads the parameters. `approved` and `note` count before those inside `decision`.
    pub fn read(params: &Params) -> Result<SubmitApproval, RpcError> {
        let decision = object(params, "decision");
        let approved = flag(params, "approved").or_else(|| flag(&decision, "approved"));
        let (Some(run_id), Some(node_id), Some(approved)) =
            (text(params, "runId"), text(params, "nodeId"), approved)
        else {
            return Err(RpcError::invalid_request(
                "runId, nodeId, and approved are required",
            ));
        };
        Ok(SubmitApproval {
            run_id,
            node_id,
            iteration: iteration(params)?,
            request_digest: request_digest(params)?,
            approved,
            note: note(params).or_else(|| note(&decision)),
            decision: decision
                .get("value")
                .cloned()
                .or_else(|| present(params, "decision").cloned()),
        })
    }
}

fn note(fields: &Params) -> Option<String> {
    fields
        .get("note")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// A digest that is no text is refused: to decide without it would be to decide about anything.
fn request_digest(params: &Params) -> Result<Option<String>, RpcError> {
    let Some(value) = present(params, "requestDigest") else {
        return Ok(None);
    };
    let digest = value.as_str().map(str::to_owned);
    let wrong = || RpcError::invalid_request("requestDigest must be a string");
    digest.map(Some).ok_or_else(wrong)
}

pub(super) fn iteration(params: &Params) -> Result<u32, RpcError> {
    let Some(value) = present(params, "iteration") else {
        return Ok(0);
    };
    integer_up_to(value, limits::MAX_ITERATION)
        .and_then(|iteration| u32::try_from(iteration).ok())
        .ok_or_else(|| RpcError::invalid_request("iteration must be a non-negative integer"))
}
