//! Events: what the log of a run records, and which of them the wire shows.

use serde::{Deserialize, Serialize};

use crate::approval::ApprovalRequest;
use crate::error::ErrorInfo;
use crate::frame::Trigger;
use crate::json::RawJson;
use crate::ownership::OnExpire;
use crate::party::Party;
use crate::report::OutputStream;
use crate::run::RunStatus;
use crate::signal::SignalAddress;
use crate::wait::TimerType;
use crate::{NodeId, NodeKey, RunId, ScheduleId, Timestamp, WorkflowKey};

/// Why a node was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// Its run was cancelled.
    RunCancelled,
    /// Its run failed while it was running.
    RunFailed,
    /// Its run finished without it: no frame mounts it any more.
    Unmounted,
    /// Its run goes on as a new one, without it.
    RunContinued,
}

/// A record of the log, with the names and fields of workflow-model 11.
///
/// Written, never read back as this type: readers of a log take the fields they know from its JSON, so that
/// they survive events of other versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Event {
    /// The run begins, or goes on after it was parked or cut off.
    RunStarted,
    /// A schedule launched the run.
    CronTriggered {
        /// Which.
        cron_id: ScheduleId,
        /// Key of the workflow.
        workflow: WorkflowKey,
    },
    /// The run was parked.
    RunStatusChanged {
        /// The waiting status.
        status: RunStatus,
    },
    /// The run ended well.
    RunFinished {
        /// Nodes that failed and were allowed to.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        failed_child_keys: Vec<String>,
    },
    /// The run ended by an error.
    RunFailed {
        /// Which.
        error: ErrorInfo,
    },
    /// The run was cancelled.
    RunCancelled,
    /// The run ended; another one goes on in its place.
    RunContinuedAsNew {
        /// Which.
        new_run_id: RunId,
        /// Its pass of the loop around it; 0 without one.
        iteration: u32,
        /// Bytes of the state that was handed over.
        carried_state_size: usize,
        /// How many runs the chain has with the new one.
        ancestry_depth: u64,
    },
    /// A frame was rendered and stored.
    FrameCommitted {
        /// From 1, rising.
        frame_no: u64,
        /// SHA-256 of the frame's tree.
        xml_hash: String,
        /// What led to it.
        #[serde(skip_serializing_if = "Option::is_none")]
        trigger: Option<Trigger>,
    },
    /// A node is known.
    NodePending {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
    },
    /// An attempt was dispatched.
    NodeStarted {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// From 1.
        attempt: u32,
        /// The run that it stands for.
        #[serde(skip_serializing_if = "Option::is_none")]
        child_run_id: Option<RunId>,
    },
    /// An attempt wrote something.
    NodeOutput {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// What; pieces of one stream joined in order give what was written.
        text: String,
        /// Where to.
        stream: OutputStream,
        /// The text is not of the task: it says that what follows was not kept.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    /// An attempt showed that it is alive.
    TaskHeartbeat {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// It told something for the next attempt.
        has_data: bool,
        /// Bytes of that.
        data_size_bytes: u64,
        /// Since the one before, when there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        interval_ms: Option<i64>,
    },
    /// An attempt was given up because it showed no sign of life.
    TaskHeartbeatTimeout {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// When it showed the last one, or was dispatched.
        last_heartbeat_at_ms: Timestamp,
        /// How long it may be silent.
        timeout_ms: u64,
    },
    /// An attempt gave its result.
    NodeFinished {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
    },
    /// An attempt failed.
    NodeFailed {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// Why.
        error: ErrorInfo,
    },
    /// Another attempt will be made.
    NodeRetrying {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// The coming attempt.
        attempt: u32,
    },
    /// The node was left out.
    NodeSkipped {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
    },
    /// The node was ended from outside.
    NodeCancelled {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// The attempt that was cut off.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
        /// By what.
        reason: CancelReason,
    },
    /// The node waits for a decision.
    NodeWaitingApproval {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
    },
    /// The node waits for a point in time.
    NodeWaitingTimer {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// When it goes on.
        fires_at_ms: Timestamp,
    },
    /// A timer runs.
    TimerCreated {
        /// Its node's id.
        timer_id: NodeId,
        /// When it fires.
        fires_at_ms: Timestamp,
        /// How its time was given.
        timer_type: TimerType,
    },
    /// A timer fired.
    TimerFired {
        /// Its node's id.
        timer_id: NodeId,
        /// When it was to fire.
        fires_at_ms: Timestamp,
        /// When it did.
        fired_at_ms: Timestamp,
        /// The difference.
        delay_ms: i64,
    },
    /// A timer ended with its run.
    TimerCancelled {
        /// Its node's id.
        timer_id: NodeId,
    },
    /// The node waits for a signal.
    NodeWaitingEvent {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        #[serde(flatten)]
        /// Which signal.
        address: SignalAddress,
        /// When it waits no more.
        #[serde(skip_serializing_if = "Option::is_none")]
        times_out_at_ms: Option<Timestamp>,
    },
    /// A signal came.
    SignalReceived {
        /// Its number among the signals of the run, from 0.
        signal_seq: u64,
        #[serde(flatten)]
        /// Whom it is for.
        address: SignalAddress,
    },
    /// Somebody is asked.
    ApprovalRequested {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// What is asked.
        request: ApprovalRequest,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// Somebody voted on an approval that needs several people.
    ApprovalVoted {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Yes or no.
        approved: bool,
        /// User id of the voter; none for a no of a token without a user.
        decided_by: Option<String>,
        /// How many have said yes so far, this one among them.
        approvals: u32,
        /// How many have to.
        required_approvals: u32,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// The answer was yes.
    ApprovalGranted {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// It was given without a person.
    ApprovalAutoApproved {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Digest of what would have been asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// The answer was no.
    ApprovalDenied {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// The owner's time is over: the fallback owner may decide too.
    ApprovalEscalated {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Who did not decide in time.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<Party>,
        /// Who may decide from now on.
        #[serde(skip_serializing_if = "Option::is_none")]
        fallback_owner: Option<Party>,
    },
    /// Everybody's time is over.
    ApprovalExpired {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// What becomes of it.
        on_expire: OnExpire,
    },
    /// Somebody had a task and what came after it reset; the run goes on with them.
    RetryTaskFinished {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Everything that was reset.
        reset_nodes: Vec<String>,
        /// Always true: what cannot be reset is refused.
        success: bool,
    },
    /// A result of a replaced attempt came and was dropped (DESIGN 4).
    LateResultDropped {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// The attempt whose result it was.
        attempt: u32,
    },
}

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
            Self::NodePending { .. } => "NodePending",
            Self::NodeStarted { .. } => "NodeStarted",
            Self::NodeOutput { .. } => "NodeOutput",
            Self::TaskHeartbeat { .. } => "TaskHeartbeat",
            Self::TaskHeartbeatTimeout { .. } => "TaskHeartbeatTimeout",
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

/// An event with its numbers, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedEvent {
    /// Number in the run's log, from 0, no holes.
    pub seq: u64,
    /// Number in the run's stream, from 1, no holes; only visible events have one.
    pub stream_seq: Option<u64>,
    /// When it happened.
    pub at: Timestamp,
    /// Stored type name.
    pub type_name: &'static str,
    /// Stored payload.
    pub payload: RawJson,
}

/// An event as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Place in the gateway's whole log.
    pub position: u64,
    /// Its run.
    pub run_id: RunId,
    /// Number in the run's log.
    pub seq: u64,
    /// Number in the run's stream.
    pub stream_seq: Option<u64>,
    /// The gateway's version counter after this event; only visible events advance it.
    pub state_version: Option<u64>,
    /// When it happened.
    pub at: Timestamp,
    /// Stored type name.
    pub type_name: String,
    /// Stored payload.
    pub payload: RawJson,
}

#[cfg(test)]
mod tests {
    use super::*;

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
