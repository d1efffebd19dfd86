//! Domain errors to what clients see: one table.

use smithers_actors::run::RunError;
use smithers_engine::Refusal;
use smithers_model::NodeKey;
use smithers_model::rewind::EffectBoundary;
use smithers_protocol::error::{ErrorCode, RpcError};

/// A read failed; the caller gets no particulars, the log does.
pub(super) fn of_read(error: smithers_store::Error) -> RpcError {
    if !matches!(error, smithers_store::Error::TooLong) {
        tracing::error!(error = &error as &dyn std::error::Error, "a read failed");
    }
    match error {
        smithers_store::Error::Busy => RpcError::unavailable("The database is busy; try again"),
        _ => RpcError::unavailable("The database could not be read; try again"),
    }
}

/// A request to a run failed. `node` is the node it was about, for errors that name it.
pub(crate) fn of_run(error: RunError, run_id: &str, node: Option<&NodeKey>) -> RpcError {
    match error {
        RunError::NotFound(_) => RpcError::no_such_run(run_id),
        RunError::Exists(_) => RpcError::run_exists(run_id),
        RunError::Deleted { at, .. } => RpcError::run_deleted(run_id, at.0),
        RunError::ScheduleMoved(id) => RpcError::no_such_cron(id.as_str()),
        RunError::WorkflowMissing { workflow, .. } => RpcError::unknown_workflow(&workflow),
        RunError::Refused(refusal) => of_refusal(refusal, run_id, node),
        RunError::EffectsBlock(boundary) => {
            let message = error_text(&boundary);
            RpcError::new(ErrorCode::TimeTravelBlocked, message)
                .with("details", boundary.report().value())
        }
        error @ RunError::RevertFailed { .. } => {
            RpcError::new(ErrorCode::RewindFailed, error.to_string())
        }
        error @ RunError::FilesStay { .. } => RpcError::new(ErrorCode::VcsError, error.to_string()),
        RunError::StepRefused(message) => RpcError::new(ErrorCode::ServerError, message),
        error @ (RunError::Busy(_) | RunError::Degraded(_) | RunError::OutcomeUnknown) => {
            RpcError::unavailable(error.to_string())
        }
        RunError::Read { source, .. } => of_read(source),
    }
}

fn of_refusal(refusal: Refusal, run_id: &str, node: Option<&NodeKey>) -> RpcError {
    match refusal {
        Refusal::AlreadyDecided { node: id, status } => {
            let iteration = node.map_or(0, |node| node.iteration);
            RpcError::already_decided(run_id, id.as_str(), iteration, status.as_str())
        }
        Refusal::AnotherQuestion { asked, .. } => {
            let iteration = node.map_or(0, |node| node.iteration);
            let id = node.map_or("", |node| node.node_id.as_str());
            RpcError::another_question(run_id, id, iteration, asked.as_deref())
        }
        Refusal::UserNotAllowed => RpcError::not_an_allowed_user(),
        Refusal::NotAnOwner => RpcError::not_an_owner(),
        Refusal::SelfApproval => RpcError::self_approval(),
        Refusal::VoterUnknown => RpcError::new(ErrorCode::Forbidden, refusal.to_string()),
        Refusal::AlreadyVoted => RpcError::new(ErrorCode::Conflict, refusal.to_string()),
        Refusal::ScopeMissing => RpcError::missing_approval_scope(),
        Refusal::InvalidDecision { message } => RpcError::invalid_request(message),
        Refusal::NotWaiting { node } => RpcError::not_waiting_for_approval(node.as_str()),
        Refusal::InboxFull => RpcError::unavailable(refusal.to_string()),
        Refusal::NotActive { .. } | Refusal::AlreadyCancelled => RpcError::run_not_active(),
        Refusal::NotExecuting { .. } => RpcError::run_not_executing(),
        Refusal::WorkflowChanged { .. } => RpcError::workflow_changed(refusal.to_string()),
        Refusal::Executing => RpcError::run_executing(),
        Refusal::UnknownNode { node } => {
            RpcError::no_such_node(run_id, node.node_id.as_str(), node.iteration)
        }
        refusal @ (Refusal::NothingToRetry { .. } | Refusal::LoopWentOn { .. }) => {
            RpcError::invalid_request(refusal.to_string())
        }
        Refusal::FrameOutOfRange { .. } => {
            RpcError::new(ErrorCode::FrameOutOfRange, refusal.to_string())
        }
        Refusal::HistoryDamaged { .. } => {
            RpcError::new(ErrorCode::RewindFailed, refusal.to_string())
        }
        Refusal::UnknownAttempt { .. } | Refusal::Illegal { .. } => RpcError::internal(),
    }
}

fn error_text(boundary: &EffectBoundary) -> String {
    format!(
        "{} effects of tasks after this frame cannot be taken back and would happen again; pass force: true to rewind all the same",
        boundary.blocking.len()
    )
}
