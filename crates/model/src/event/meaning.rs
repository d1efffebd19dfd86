//! What is done with an event: its stored name, whether clients see it, its payload.

use serde::Serialize;

use super::{CancelReason, Event};
use crate::agent::TokenUsage;
use crate::{RawJson, RunId, Timestamp};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(flatten)]
    event: &'a Event,
    run_id: &'a RunId,
    timestamp_ms: Timestamp,
}

impl Event {
    /// The stored type name.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::RunStarted => "RunStarted",
            Self::CronTriggered { .. } => "CronTriggered",
            Self::RunStatusChanged { .. } => "RunStatusChanged",
            Self::RunFinished { .. } => "RunFinished",
            Self::RunFailed { .. } => "RunFailed",
            Self::RunCancelled => "RunCancelled",
            Self::RunContinuedAsNew { .. } => "RunContinuedAsNew",
            Self::FrameCommitted { .. } => "FrameCommitted",
            Self::WorkflowPatchRecorded { .. } => "WorkflowPatchRecorded",
            Self::NodePending { .. } => "NodePending",
            Self::NodeStarted { .. } => "NodeStarted",
            Self::NodeOutput { .. } => "NodeOutput",
            Self::TaskHeartbeat { .. } => "TaskHeartbeat",
            Self::TaskHeartbeatTimeout { .. } => "TaskHeartbeatTimeout",
            Self::AgentEvent { .. } => "AgentEvent",
            Self::TokenUsageReported { .. } => TokenUsage::EVENT,
            Self::NodeFinished { .. } => "NodeFinished",
            Self::NodeFailed { .. } => "NodeFailed",
            Self::NodeRetrying { .. } => "NodeRetrying",
            Self::NodeSkipped { .. } => "NodeSkipped",
            Self::NodeCancelled { .. } => "NodeCancelled",
            Self::NodeWaitingApproval { .. } => "NodeWaitingApproval",
            Self::NodeWaitingTimer { .. } => "NodeWaitingTimer",
            Self::NodeWaitingEvent { .. } => "NodeWaitingEvent",
            Self::SignalReceived { .. } => "SignalReceived",
            Self::TimerCreated { .. } => "TimerCreated",
            Self::TimerFired { .. } => "TimerFired",
            Self::TimerCancelled { .. } => "TimerCancelled",
            Self::ApprovalRequested { .. } => "ApprovalRequested",
            Self::ApprovalVoted { .. } => "ApprovalVoted",
            Self::ApprovalAutoApproved { .. } => "ApprovalAutoApproved",
            Self::ApprovalGranted { .. } => "ApprovalGranted",
            Self::ApprovalDenied { .. } => "ApprovalDenied",
            Self::ApprovalEscalated { .. } => "ApprovalEscalated",
            Self::ApprovalExpired { .. } => "ApprovalExpired",
            Self::RetryTaskFinished { .. } => "RetryTaskFinished",
            Self::TimeTravelJumped { .. } => "TimeTravelJumped",
            Self::SideEffectBoundaryCrossed { .. } => "SideEffectBoundaryCrossed",
            Self::EffectRevertFinished { .. } => "EffectRevertFinished",
            Self::RunForked { .. } => "RunForked",
            Self::CacheHit { .. } => "CacheHit",
            Self::ScorerStarted { .. } => "ScorerStarted",
            Self::ScorerFinished { .. } => "ScorerFinished",
            Self::ScorerFailed { .. } => "ScorerFailed",
            Self::LateResultDropped { .. } => "LateResultDropped",
        }
    }

    /// Returns true when clients see this event, so that it gets a stream number and a state version.
    /// The list is the table of gateway-protocol 7.1. What is stored keeps the numbers it was stored with.
    pub fn is_visible(&self) -> bool {
        !matches!(
            self,
            Self::RunStarted
                | Self::RunStatusChanged { .. }
                | Self::FrameCommitted { .. }
                | Self::WorkflowPatchRecorded { .. }
                | Self::TaskHeartbeatTimeout { .. }
                // The end of the run says it all (docs/adr/0012).
                | Self::NodeCancelled {
                    reason: CancelReason::RunCancelled,
                    ..
                }
                | Self::NodeWaitingEvent { .. }
                | Self::SignalReceived { .. }
                | Self::TimerCreated { .. }
                | Self::TimerFired { .. }
                | Self::TimerCancelled { .. }
                | Self::ApprovalEscalated { .. }
                | Self::ApprovalExpired { .. }
                | Self::RetryTaskFinished { .. }
                | Self::SideEffectBoundaryCrossed { .. }
                | Self::EffectRevertFinished { .. }
                | Self::RunForked { .. }
                | Self::CacheHit { .. }
                | Self::ScorerStarted { .. }
                | Self::ScorerFinished { .. }
                | Self::ScorerFailed { .. }
                | Self::LateResultDropped { .. }
        )
    }

    /// The stored payload: the event's fields with `type`, `runId` and `timestampMs`.
    pub fn payload(&self, run_id: &RunId, at: Timestamp) -> RawJson {
        RawJson::of(&Payload {
            event: self,
            run_id,
            timestamp_ms: at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeKey;
    use crate::error::ErrorInfo;

    #[test]
    fn payload_holds_the_fields_of_the_event_with_run_and_time() {
        let event = Event::NodeStarted {
            node: NodeKey::new("t0", 0),
            attempt: 1,
            child_run_id: None,
        };
        assert_eq!(
            event.payload(&"r1".into(), Timestamp(7)).as_str(),
            r#"{"type":"NodeStarted","nodeId":"t0","iteration":0,"attempt":1,"runId":"r1","timestampMs":7}"#
        );
    }

    #[test]
    fn the_type_in_the_payload_is_the_stored_type_name() {
        let error = ErrorInfo::coded("SESSION_ERROR", "Task failed: a");
        for event in [
            Event::RunStarted,
            Event::RunCancelled,
            Event::RunFailed { error },
        ] {
            let payload = event.payload(&"r1".into(), Timestamp(7)).value();
            assert_eq!(payload["type"], event.type_name());
        }
    }
}
