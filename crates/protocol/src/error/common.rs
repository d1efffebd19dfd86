//! The errors that several methods answer, worded as clients know them.

use std::time::Duration;

use super::{ErrorCode, RpcError};

/// Which cap on run streams is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamCap {
    /// Streams of the whole gateway.
    Global,
    /// Streams of one user.
    User,
    /// Streams of one connection.
    Connection,
    /// Streams of one run.
    Run,
}

impl StreamCap {
    /// Returns the name in the `scope` field of the error.
    pub fn as_str(self) -> &'static str {
        match self {
            StreamCap::Global => "global",
            StreamCap::User => "user",
            StreamCap::Connection => "connection",
            StreamCap::Run => "run",
        }
    }
}

/// What is done too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateScope {
    /// Presenting tokens that do not let in.
    Authentication,
    /// Requests of one token.
    Requests,
    /// Launches of one token.
    Launches,
    /// Decisions of one token.
    Approvals,
}

impl RateScope {
    /// Returns the name in the `scope` field of the error.
    pub fn as_str(self) -> &'static str {
        match self {
            RateScope::Authentication => "authentication",
            RateScope::Requests => "requests",
            RateScope::Launches => "launches",
            RateScope::Approvals => "approvals",
        }
    }

    /// Returns what was done too often, if that is what the error says.
    pub fn of(error: &RpcError) -> Option<RateScope> {
        use RateScope::{Approvals, Authentication, Launches, Requests};
        error.extra(RETRY_AFTER)?;
        let scope = error.extra("scope")?.as_str()?;
        [Authentication, Requests, Launches, Approvals]
            .into_iter()
            .find(|known| known.as_str() == scope)
    }

    fn message(self) -> &'static str {
        match self {
            RateScope::Authentication => {
                "Too many failed attempts to authenticate; try again later"
            }
            RateScope::Requests => "Too many requests with this token; try again later",
            RateScope::Launches => "Too many launches with this token; try again later",
            RateScope::Approvals => "Too many decisions with this token; try again later",
        }
    }
}

/// Where an error says how long to wait, in milliseconds.
const RETRY_AFTER: &str = "retryAfterMs";

impl RpcError {
    /// Something is done more often than `per_minute` times a minute; it can be tried again after `wait`.
    pub fn too_many(scope: RateScope, per_minute: u32, wait: Duration) -> RpcError {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        RpcError::new(ErrorCode::RateLimited, scope.message())
            .with("scope", scope.as_str())
            .with("limit", per_minute)
            .with(RETRY_AFTER, wait_ms)
    }

    /// Returns after how many seconds the request can be tried again, if the error says so; at least 1.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let wait_ms = self.extra(RETRY_AFTER)?.as_u64()?;
        Some(wait_ms.div_ceil(1_000).max(1))
    }

    /// The frame or body cannot be read.
    pub fn invalid_input(message: impl Into<String>) -> RpcError {
        RpcError::new(ErrorCode::InvalidInput, message)
    }

    /// The shape of the parameters is wrong.
    pub fn invalid_request(message: impl Into<String>) -> RpcError {
        RpcError::new(ErrorCode::InvalidRequest, message)
    }

    /// A field holds a secret where it would be stored; `rule` is the word for what recognised it.
    pub fn secret_in_payload(field: &str, rule: &str) -> RpcError {
        let message = format!("{field} holds a secret ({rule}). Pass a reference to it instead");
        RpcError::new(ErrorCode::SecretInPayload, message)
            .with("field", field)
            .with("rule", rule)
    }

    /// The caller is not authenticated.
    pub fn unauthorized(message: impl Into<String>) -> RpcError {
        RpcError::new(ErrorCode::Unauthorized, message)
    }

    /// No such frame in the run.
    pub fn no_such_frame() -> RpcError {
        RpcError::new(ErrorCode::NotFound, "Frame not found")
    }

    /// No such attempt of the node.
    pub fn no_such_attempt() -> RpcError {
        RpcError::new(ErrorCode::NotFound, "Attempt not found")
    }

    /// Nothing but `connect` is answered before authentication.
    pub fn connect_first() -> RpcError {
        RpcError::unauthorized("Connect first")
    }

    /// A scope is missing for a method.
    pub fn missing_scope(scope: &str, method: &str) -> RpcError {
        let message = format!("Missing required scope {scope} for {method}");
        RpcError::new(ErrorCode::Forbidden, message).with("requiredScope", scope)
    }

    /// No run has this id, as getRun, resumeRun, submitApproval and listNodeStates say it.
    pub fn no_such_run(run_id: &str) -> RpcError {
        RpcError::new(ErrorCode::NotFound, format!("Run not found: {run_id}"))
    }

    /// No run has this id, as streams and node reads say it.
    pub fn run_not_found(run_id: &str) -> RpcError {
        RpcError::new(ErrorCode::RunNotFound, format!("Run not found: {run_id}"))
    }

    /// The socket did not ask for this run when it connected (gateway-protocol 6.5).
    pub fn not_subscribed() -> RpcError {
        let message = "Connection is not subscribed to this runId.";
        RpcError::new(ErrorCode::NotPermitted, message)
    }

    /// No run has the id, as cancelRun and pauseRun say it.
    pub fn run_to_stop_not_found() -> RpcError {
        RpcError::new(ErrorCode::RunNotFound, "Run not found")
    }

    /// The run has ended and cannot be cancelled.
    pub fn run_not_active() -> RpcError {
        RpcError::new(ErrorCode::RunNotActive, "Run is not currently active")
    }

    /// The run does not execute, so that it cannot be paused.
    pub fn run_not_executing() -> RpcError {
        RpcError::new(ErrorCode::RunNotActive, "Run is not currently executing")
    }

    /// The run belongs to another one, which can be done again and does it again.
    pub fn rerun_of_child() -> RpcError {
        RpcError::new(
            ErrorCode::InvalidRequest,
            "Run belongs to a subflow of another run; rerun that one",
        )
    }

    /// The workflow has changed since the run last went on; `message` says from what to what.
    pub fn workflow_changed(message: String) -> RpcError {
        RpcError::new(ErrorCode::ResumeMetadataMismatch, message)
            .with("accept", "acceptWorkflowChange")
    }

    /// The run executes, so that none of its tasks can be reset.
    pub fn run_executing() -> RpcError {
        RpcError::new(
            ErrorCode::RunActive,
            "Run is currently executing \u{2014} cancel or pause it before retrying a task",
        )
    }

    /// The run has no such node.
    pub fn no_such_node(run_id: &str, node_id: &str, iteration: u32) -> RpcError {
        let message = format!("Node not found: {run_id}/{node_id}/{iteration}");
        RpcError::new(ErrorCode::NotFound, message)
    }

    /// A run with this id executes.
    pub fn run_already_active(run_id: &str) -> RpcError {
        RpcError::new(
            ErrorCode::Conflict,
            format!("Run {run_id} is already active"),
        )
    }

    /// A run with this id has been launched before.
    pub fn run_exists(run_id: &str) -> RpcError {
        RpcError::new(ErrorCode::Conflict, format!("Run {run_id} already exists"))
    }

    /// A run with this id was deleted, `deleted_at_ms` milliseconds after 1970; its id is not used again.
    pub fn run_deleted(run_id: &str, deleted_at_ms: i64) -> RpcError {
        let message = format!("Run {run_id} was deleted, and its id is not used again");
        RpcError::new(ErrorCode::Conflict, message).with("deletedAtMs", deleted_at_ms)
    }

    /// The run has not ended and cannot be deleted.
    pub fn run_active(run_id: &str, status: &str) -> RpcError {
        let message = format!("Run {run_id} is {status}; only runs that have ended are deleted");
        RpcError::new(ErrorCode::RunActive, message)
            .with("runId", run_id)
            .with("status", status)
    }

    /// The run is held.
    pub fn run_held(run_id: &str, reason: &str, held_by: Option<&str>) -> RpcError {
        let message = format!("Run {run_id} is held: {reason}");
        let error = RpcError::new(ErrorCode::RunHeld, message).with("runId", run_id);
        match held_by {
            Some(user) => error.with("heldBy", user),
            None => error,
        }
    }

    /// The run has started other runs, which would be left without their parent.
    pub fn run_has_children(run_id: &str, children: &[String]) -> RpcError {
        let message = format!("Run {run_id} has started other runs; delete them with it");
        RpcError::new(ErrorCode::RunHasChildren, message)
            .with("runId", run_id)
            .with("children", children.to_vec())
    }

    /// No workflow is registered under this key.
    pub fn unknown_workflow(key: &str) -> RpcError {
        RpcError::new(ErrorCode::NotFound, format!("Unknown workflow: {key}"))
    }

    /// A firing on request names neither a schedule that there is nor a workflow.
    pub fn cron_or_workflow_required() -> RpcError {
        RpcError::invalid_request("cronId or workflow is required")
    }

    /// There is no schedule of this id.
    pub fn no_such_cron(id: &str) -> RpcError {
        RpcError::new(ErrorCode::NotFound, format!("Cron not found: {id}"))
    }

    /// The run has no such node.
    pub fn node_not_found(node_id: &str) -> RpcError {
        RpcError::new(
            ErrorCode::NodeNotFound,
            format!("Node not found: {node_id}"),
        )
    }

    /// The node has no such iteration.
    pub fn iteration_not_found(iteration: u32) -> RpcError {
        RpcError::new(
            ErrorCode::IterationNotFound,
            format!("Iteration not found: {iteration}"),
        )
    }

    /// The approval was decided before; `status` is `approved` or `denied`.
    pub fn already_decided(run_id: &str, node_id: &str, iteration: u32, status: &str) -> RpcError {
        let message = format!("Approval for {node_id} has already been decided");
        RpcError::new(ErrorCode::AlreadyDecided, message)
            .with("runId", run_id)
            .with("nodeId", node_id)
            .with("iteration", iteration)
            .with("status", status)
    }

    /// What is asked is not what the decision is about; `asked` is the digest of the request that stands.
    pub fn another_question(
        run_id: &str,
        node_id: &str,
        iteration: u32,
        asked: Option<&str>,
    ) -> RpcError {
        let message = format!(
            "Approval for {node_id} asks something else than what was decided; read it again"
        );
        RpcError::new(ErrorCode::ApprovalChanged, message)
            .with("runId", run_id)
            .with("nodeId", node_id)
            .with("iteration", iteration)
            .with("requestDigest", asked)
    }

    /// The node does not wait for a decision.
    pub fn not_waiting_for_approval(node_id: &str) -> RpcError {
        RpcError::invalid_input(format!("Node {node_id} is not waiting for approval."))
    }

    /// The approval names the users who may decide, and the caller is none of them.
    pub fn not_an_allowed_user() -> RpcError {
        RpcError::new(
            ErrorCode::Forbidden,
            "User is not allowed to decide this approval",
        )
    }

    /// The approval has an owner, and the caller is neither that nor, once it has escalated, the fallback owner.
    pub fn not_an_owner() -> RpcError {
        RpcError::new(
            ErrorCode::Forbidden,
            "User is not an owner of this approval",
        )
    }

    /// Whoever launched the run must not decide, and the caller did or cannot be told from who did.
    pub fn self_approval() -> RpcError {
        RpcError::new(
            ErrorCode::Forbidden,
            "The launcher of a run cannot decide this approval",
        )
    }

    /// The approval names scopes of which the caller holds none.
    pub fn missing_approval_scope() -> RpcError {
        RpcError::new(
            ErrorCode::Forbidden,
            "Connection is missing required approval scope",
        )
    }

    /// A cap on run streams is reached.
    pub fn stream_cap(cap: StreamCap, limit: usize) -> RpcError {
        let scope = cap.as_str();
        let message =
            format!("Gateway run-event subscriber limit reached ({scope} cap of {limit}).");
        RpcError::new(ErrorCode::RateLimited, message)
            .with("scope", scope)
            .with("limit", limit)
    }

    /// The body is larger than `max` bytes.
    pub fn body_too_large(max: usize) -> RpcError {
        RpcError::new(
            ErrorCode::PayloadTooLarge,
            format!("Gateway request payload exceeds {max} bytes."),
        )
    }

    /// Something unexpected happened; the details are in the log only.
    pub fn internal() -> RpcError {
        RpcError::new(
            ErrorCode::ServerError,
            "The gateway could not complete the request",
        )
    }

    /// The gateway cannot do this now.
    pub fn unavailable(why: impl Into<String>) -> RpcError {
        RpcError::new(ErrorCode::Unavailable, why)
    }
}
