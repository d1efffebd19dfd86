//! Events and rows as a person would note them.

use smithers_model::NodeKey;
use smithers_model::event::Event;
use smithers_model::frame::Trigger;

/// A node as tests write it: its id, with its pass when that is not the first.
pub(crate) fn name(node: &NodeKey) -> String {
    match node.iteration {
        0 => node.node_id.to_string(),
        _ => node.to_string(),
    }
}

/// The node that tests write as `name`.
pub(crate) fn key(name: &str) -> NodeKey {
    match name.rsplit_once("::") {
        Some((id, iteration)) => NodeKey::new(id, iteration.parse().expect("a number")),
        None => NodeKey::new(name, 0),
    }
}

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
        E::RunContinuedAsNew { new_run_id, .. } => format!("RUN continued as {new_run_id}"),
        E::FrameCommitted {
            frame_no, trigger, ..
        } => match trigger {
            None => format!("frame {frame_no}"),
            Some(Trigger::TaskFinished { node_id, iteration }) => {
                let node = NodeKey::new(node_id.clone(), *iteration);
                format!("frame {frame_no} by {}", name(&node))
            }
            Some(Trigger::TimerFired { node_id, .. }) => {
                format!("frame {frame_no} by time of {node_id}")
            }
            Some(Trigger::LoopAdvanced) => format!("frame {frame_no} loop-advanced"),
            Some(Trigger::StabilityCheck) => format!("frame {frame_no} stability-check"),
            Some(Trigger::DeadlockCheck) => format!("frame {frame_no} deadlock-check"),
            Some(Trigger::BoundCheck) => format!("frame {frame_no} bound-check"),
        },
        E::WorkflowPatchRecorded { patch_id, patched } => format!("patch {patch_id}: {patched}"),
        E::NodePending { node } => format!("{} pending", name(node)),
        E::NodeStarted { node, attempt, .. } => format!("{} started {attempt}", name(node)),
        E::NodeFinished { node, attempt } => format!("{} finished {attempt}", name(node)),
        E::NodeFailed {
            node,
            attempt,
            error,
        } => {
            let what = error.code.as_deref().unwrap_or(&error.message);
            format!("{} failed {attempt}: {what}", name(node))
        }
        E::AgentEvent {
            node,
            attempt,
            told,
        } => format!("{} agent {attempt} {}", name(node), told.event.as_str()),
        E::TokenUsageReported {
            node,
            attempt,
            usage,
        } => format!("{} tokens {attempt} {}", name(node), usage.total()),
        E::NodeRetrying { node, attempt } => format!("{} retrying {attempt}", name(node)),
        E::NodeSkipped { node } => format!("{} skipped", name(node)),
        E::NodeCancelled { node, reason, .. } => format!("{} cancelled {reason:?}", name(node)),
        E::NodeWaitingApproval { node } => format!("{} waiting", name(node)),
        E::NodeWaitingTimer { node, fires_at_ms } => {
            format!("{} waiting until {fires_at_ms}", name(node))
        }
        E::NodeWaitingEvent { node, address, .. } => {
            format!("{} waiting for {}", name(node), address.signal_name)
        }
        E::SignalReceived {
            signal_seq,
            address,
        } => format!("signal {signal_seq} {}", address.signal_name),
        E::TimerCreated {
            timer_id,
            timer_type,
            ..
        } => format!("{timer_id} created {timer_type:?}"),
        E::TimerFired {
            timer_id, delay_ms, ..
        } => format!("{timer_id} fired {delay_ms} late"),
        E::TimerCancelled { timer_id } => format!("{timer_id} timer cancelled"),
        E::ApprovalRequested { node, request, .. } => {
            format!("{} asked {:?}", name(node), request.mode)
        }
        E::ApprovalGranted { node, .. } => format!("{} granted", name(node)),
        E::ApprovalAutoApproved { node, .. } => format!("{} auto-approved", name(node)),
        E::ApprovalDenied { node, .. } => format!("{} denied", name(node)),
        E::ApprovalVoted {
            node,
            approvals,
            required_approvals,
            ..
        } => format!("{} voted {approvals} of {required_approvals}", name(node)),
        E::ApprovalEscalated {
            node,
            fallback_owner,
            ..
        } => {
            let to = fallback_owner.as_ref().map(ToString::to_string);
            format!("{} escalated to {}", name(node), to.unwrap_or_default())
        }
        E::ApprovalExpired { node, on_expire } => {
            format!("{} expired: {}", name(node), on_expire.as_str())
        }
        E::NodeOutput {
            node,
            attempt,
            text,
            stream,
            ..
        } => format!("{} {} {attempt} {text:?}", name(node), stream.as_str()),
        E::TaskHeartbeat {
            node,
            attempt,
            data_size_bytes,
            interval_ms,
            ..
        } => {
            let interval = interval_ms.map_or_else(String::new, |ms| format!(" after {ms} ms"));
            format!("{} alive {attempt} {data_size_bytes}{interval}", name(node))
        }
        E::TaskHeartbeatTimeout {
            node,
            attempt,
            last_heartbeat_at_ms,
            timeout_ms,
        } => {
            let last = last_heartbeat_at_ms.0;
            format!(
                "{} silent {attempt} since {last} for {timeout_ms}",
                name(node)
            )
        }
        E::TimeTravelJumped {
            from_frame_no,
            to_frame_no,
            ..
        } => format!("TimeTravelJumped {from_frame_no} -> {to_frame_no}"),
        E::SideEffectBoundaryCrossed { operation, .. } => format!("EffectBoundary {operation}"),
        E::EffectRevertFinished { node, attempt, .. } => {
            format!("EffectReverted {} {attempt}", name(node))
        }
        E::RunForked { parent_run_id, .. } => format!("RunForked {parent_run_id}"),
        E::RetryTaskFinished {
            node, reset_nodes, ..
        } => format!("{} retried: {}", name(node), reset_nodes.join(" ")),
        E::CronTriggered { cron_id, .. } => format!("cron {cron_id}"),
        E::CacheHit {
            node,
            source_run_id,
            age_ms,
            ..
        } => format!("{} hit of {source_run_id} after {age_ms} ms", name(node)),
        E::ScorerStarted {
            node, scorer_id, ..
        } => format!("{} is scored by {scorer_id}", name(node)),
        E::ScorerFinished {
            node,
            scorer_id,
            score,
            ..
        } => format!("{} got {} from {scorer_id}", name(node), score.get()),
        E::ScorerFailed {
            node,
            scorer_id,
            error,
            ..
        } => format!(
            "{} got nothing from {scorer_id}: {}",
            name(node),
            error.message
        ),
        E::LateResultDropped { node, attempt } => format!("{} late {attempt}", name(node)),
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
