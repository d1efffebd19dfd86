//! Events and rows as a person would note them.

use smithers_model::event::Event;
use smithers_model::frame::Trigger;

/// One event in a few words.
pub(crate) fn event(event: &Event) -> String {
    use Event as E;
    match event {
        E::RunStarted => "RUN started".into(),
        E::RunStatusChanged { status } => format!("RUN {}", status.as_str()),
        E::RunFinished { failed_child_keys } if failed_child_keys.is_empty() => {
            "RUN finished".into()
        }
        E::RunFinished { failed_child_keys } => {
            format!("RUN finished, failed: {}", failed_child_keys.join(" "))
        }
        E::RunFailed { error } => {
            let cause = error.cause.as_ref();
            let cause = cause.map_or(String::new(), |cause| format!(" <- {}", cause.message));
            let code = error.code.as_deref().unwrap_or(&error.name);
            format!("RUN failed {code}: {}{cause}", error.message)
        }
        E::RunCancelled => "RUN cancelled".into(),
        E::FrameCommitted {
            frame_no, trigger, ..
        } => match trigger {
            None => format!("frame {frame_no}"),
            Some(Trigger::TaskFinished { node_id, .. }) => format!("frame {frame_no} by {node_id}"),
            Some(Trigger::StabilityCheck) => format!("frame {frame_no} stability-check"),
            Some(Trigger::DeadlockCheck) => format!("frame {frame_no} deadlock-check"),
        },
        E::NodePending { node } => format!("{} pending", node.node_id),
        E::NodeStarted { node, attempt } => format!("{} started {attempt}", node.node_id),
        E::NodeFinished { node, attempt } => format!("{} finished {attempt}", node.node_id),
        E::NodeFailed {
            node,
            attempt,
            error,
        } => {
            let what = error.code.as_deref().unwrap_or(&error.message);
            format!("{} failed {attempt}: {what}", node.node_id)
        }
        E::NodeRetrying { node, attempt } => format!("{} retrying {attempt}", node.node_id),
        E::NodeSkipped { node } => format!("{} skipped", node.node_id),
        E::NodeCancelled { node, reason, .. } => format!("{} cancelled {reason:?}", node.node_id),
        E::NodeWaitingApproval { node } => format!("{} waiting", node.node_id),
        E::ApprovalRequested { node, request } => {
            format!("{} asked {:?}", node.node_id, request.mode)
        }
        E::ApprovalGranted { node } => format!("{} granted", node.node_id),
        E::ApprovalDenied { node } => format!("{} denied", node.node_id),
        E::ApprovalEscalated {
            node,
            fallback_owner,
            ..
        } => {
            let to = fallback_owner.as_ref().map(ToString::to_string);
            format!("{} escalated to {}", node.node_id, to.unwrap_or_default())
        }
        E::ApprovalExpired { node, on_expire } => {
            format!("{} expired: {}", node.node_id, on_expire.as_str())
        }
        E::LateResultDropped { node, attempt } => format!("{} late {attempt}", node.node_id),
    }
}

/// The lines of a drawn expectation, without indentation and empty lines.
pub(crate) fn lines(drawn: &str) -> Vec<String> {
    drawn
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}
