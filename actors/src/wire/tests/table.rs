//! Every kind of event with what a client reads.

use smithers_model::agent::{AgentEvent, TokenUsage};
use smithers_model::approval::{ApprovalMode, ApprovalRequest};
use smithers_model::error::ErrorInfo;
use smithers_model::event::{CancelReason, Event};
use smithers_model::ownership::OnExpire;
use smithers_model::report::OutputStream;
use smithers_model::run::RunStatus;
use smithers_model::score::ScoreValue;
use smithers_model::signal::SignalAddress;
use smithers_model::wait::TimerType;
use smithers_model::{NodeKey, RawJson, Timestamp};

/// How many kinds there are.
pub(super) const KINDS: usize = 45;

fn node() -> NodeKey {
    NodeKey::new("t0", 2)
}

fn request() -> ApprovalRequest {
    ApprovalRequest::new(ApprovalMode::Decision, "Ship?")
}

fn failure() -> ErrorInfo {
    let mut cause = ErrorInfo::thrown("Error", "boom");
    cause.stack = Some("at /home/someone/secret.ts:1".into());
    let mut error = ErrorInfo::coded("SESSION_ERROR", "Task failed: boom").caused_by(cause);
    error.stack = Some("at /home/someone/secret.ts:2".into());
    error.details = Some(RawJson::trusted(r#"{"key":"boom::0"}"#));
    error
}

fn address() -> SignalAddress {
    SignalAddress {
        signal_name: "s".into(),
        correlation_id: None,
    }
}

/// Every kind of event with what a client reads; `None` for what stays in the log.
pub(super) fn table() -> Vec<(Event, Option<&'static str>)> {
    let thrown = ErrorInfo {
        stack: Some("at x".into()),
        ..ErrorInfo::thrown("Error", "boom")
    };
    vec![
        (
            Event::NodePending { node: node() },
            Some(r#""node.pending" {"runId":"r1","nodeId":"t0","state":"pending","iteration":2}"#),
        ),
        (
            Event::NodeStarted {
                node: node(),
                attempt: 1,
                child_run_id: None,
            },
            Some(r#""node.started" {"runId":"r1","nodeId":"t0","state":"in-progress"}"#),
        ),
        (
            Event::NodeOutput {
                node: node(),
                attempt: 1,
                text: "two\nlines, \"quoted\"\n".into(),
                stream: OutputStream::Stderr,
                truncated: false,
            },
            Some(
                r#""task.output" {"runId":"r1","nodeId":"t0","output":"two\nlines, \"quoted\"\n","stream":"stderr"}"#,
            ),
        ),
        (
            Event::TaskHeartbeat {
                node: node(),
                attempt: 1,
                has_data: true,
                data_size_bytes: 2,
                interval_ms: Some(500),
            },
            Some(r#""task.heartbeat" {"runId":"r1","nodeId":"t0","iteration":2,"attempt":1}"#),
        ),
        (
            Event::TaskHeartbeatTimeout {
                node: node(),
                attempt: 1,
                last_heartbeat_at_ms: Timestamp(1),
                timeout_ms: 2,
            },
            None,
        ),
        (
            Event::AgentEvent {
                node: node(),
                attempt: 1,
                told: AgentEvent {
                    engine: "codex".into(),
                    event: RawJson::trusted(r#"{"type":"completed","ok":true}"#),
                },
            },
            Some(
                r#""agent.event" {"runId":"r1","nodeId":"t0","iteration":2,"attempt":1,"engine":"codex","event":{"type":"completed","ok":true}}"#,
            ),
        ),
        (
            Event::TokenUsageReported {
                node: node(),
                attempt: 1,
                usage: TokenUsage {
                    model: "m".into(),
                    agent: "a".into(),
                    input_tokens: 120,
                    output_tokens: 30,
                    cache_read_tokens: 40,
                    cache_write_tokens: 5,
                    reasoning_tokens: 12,
                },
            },
            Some(
                r#""token.usage" {"runId":"r1","nodeId":"t0","iteration":2,"attempt":1,"model":"m","agent":"a","inputTokens":120,"outputTokens":30,"cacheReadTokens":40,"cacheWriteTokens":5,"reasoningTokens":12,"timestampMs":5}"#,
            ),
        ),
        (
            Event::NodeFinished {
                node: node(),
                attempt: 1,
            },
            Some(r#""node.finished" {"runId":"r1","nodeId":"t0","state":"finished"}"#),
        ),
        (
            Event::NodeFailed {
                node: node(),
                attempt: 1,
                error: thrown,
            },
            Some(
                r#""node.failed" {"runId":"r1","nodeId":"t0","state":"failed","error":{"name":"Error","message":"boom"}}"#,
            ),
        ),
        (
            Event::NodeRetrying {
                node: node(),
                attempt: 2,
            },
            Some(
                r#""node.retrying" {"runId":"r1","nodeId":"t0","state":"in-progress","attempt":2}"#,
            ),
        ),
        (
            Event::NodeSkipped { node: node() },
            Some(r#""node.skipped" {"runId":"r1","nodeId":"t0","state":"skipped"}"#),
        ),
        (
            Event::NodeCancelled {
                node: node(),
                attempt: Some(1),
                reason: CancelReason::RunFailed,
            },
            Some(r#""node.cancelled" {"runId":"r1","nodeId":"t0","state":"cancelled"}"#),
        ),
        (
            Event::NodeWaitingApproval { node: node() },
            Some(
                r#""node.waiting_approval" {"runId":"r1","nodeId":"t0","state":"waiting","iteration":2}"#,
            ),
        ),
        (
            Event::NodeWaitingTimer {
                node: node(),
                fires_at_ms: Timestamp(9),
            },
            Some(
                r#""node.waiting_timer" {"runId":"r1","nodeId":"t0","state":"waiting","iteration":2}"#,
            ),
        ),
        (
            Event::NodeWaitingEvent {
                node: node(),
                address: address(),
                times_out_at_ms: None,
            },
            None,
        ),
        (
            Event::SignalReceived {
                signal_seq: 0,
                address: address(),
            },
            None,
        ),
        (
            Event::TimerCreated {
                timer_id: "t0".into(),
                fires_at_ms: Timestamp(9),
                timer_type: TimerType::Duration,
            },
            None,
        ),
        (
            Event::TimerFired {
                timer_id: "t0".into(),
                fires_at_ms: Timestamp(9),
                fired_at_ms: Timestamp(10),
                delay_ms: 1,
            },
            None,
        ),
        (
            Event::TimerCancelled {
                timer_id: "t0".into(),
            },
            None,
        ),
        (
            Event::ApprovalRequested {
                node: node(),
                request: request(),
                request_digest: None,
            },
            Some(r#""approval.requested" {"runId":"r1","nodeId":"t0","iteration":2}"#),
        ),
        (
            Event::ApprovalGranted {
                node: node(),
                request_digest: None,
            },
            Some(
                r#""approval.decided" {"runId":"r1","nodeId":"t0","iteration":2,"approved":true}"#,
            ),
        ),
        (
            Event::ApprovalAutoApproved {
                node: node(),
                request_digest: None,
            },
            Some(r#""approval.auto_approved" {"runId":"r1","nodeId":"t0","iteration":2}"#),
        ),
        (
            Event::ApprovalDenied {
                node: node(),
                request_digest: None,
            },
            Some(
                r#""approval.decided" {"runId":"r1","nodeId":"t0","iteration":2,"approved":false}"#,
            ),
        ),
        (
            Event::RunFinished {
                failed_child_keys: Vec::new(),
            },
            Some(r#""run.completed" {"runId":"r1","status":"finished"}"#),
        ),
        (
            Event::RunFinished {
                failed_child_keys: vec!["boom::0".into()],
            },
            Some(
                r#""run.completed" {"runId":"r1","status":"finished","failedChildren":1,"failedChildKeys":["boom::0"]}"#,
            ),
        ),
        (
            Event::RunFailed { error: failure() },
            Some(
                r#""run.completed" {"runId":"r1","status":"failed","error":{"name":"SmithersError","code":"SESSION_ERROR","message":"Task failed: boom See https://smithers.sh/reference/errors","cause":{"name":"Error","message":"boom"},"summary":"Task failed: boom","docsUrl":"https://smithers.sh/reference/errors","details":{"key":"boom::0"}}}"#,
            ),
        ),
        (
            Event::RunCancelled,
            Some(r#""run.completed" {"runId":"r1","status":"cancelled"}"#),
        ),
        (
            Event::RunContinuedAsNew {
                new_run_id: "r1.2".into(),
                iteration: 0,
                carried_state_size: 4,
                ancestry_depth: 2,
            },
            Some(r#""run.completed" {"runId":"r1","status":"continued","nextRunId":"r1.2"}"#),
        ),
        (
            Event::CronTriggered {
                cron_id: "nightly".into(),
                workflow: "w".into(),
            },
            Some(r#""cron.triggered" {"runId":"r1","cronId":"nightly","workflow":"w"}"#),
        ),
        (Event::RunStarted, None),
        (
            Event::RunStatusChanged {
                status: RunStatus::WaitingApproval,
            },
            None,
        ),
        (
            Event::FrameCommitted {
                frame_no: 1,
                xml_hash: "00".into(),
                trigger: None,
            },
            None,
        ),
        (
            Event::ApprovalEscalated {
                node: node(),
                owner: None,
                fallback_owner: None,
            },
            None,
        ),
        (
            Event::ApprovalVoted {
                node: node(),
                approved: true,
                decided_by: Some("user:ann".into()),
                approvals: 1,
                required_approvals: 2,
                request_digest: None,
            },
            Some(
                r#""approval.voted" {"runId":"r1","nodeId":"t0","iteration":2,"approved":true,"decidedBy":"user:ann","approvals":1,"requiredApprovals":2}"#,
            ),
        ),
        (
            Event::ApprovalExpired {
                node: node(),
                on_expire: OnExpire::Deny,
            },
            None,
        ),
        (
            Event::RetryTaskFinished {
                node: node(),
                reset_nodes: vec![],
                success: true,
            },
            None,
        ),
        (
            Event::WorkflowPatchRecorded {
                patch_id: "p".into(),
                patched: true,
            },
            None,
        ),
        (
            Event::TimeTravelJumped {
                from_frame_no: 4,
                to_frame_no: 1,
                caller: "user:op".into(),
            },
            Some(
                r#""run.time_travel_jumped" {"runId":"r1","fromFrameNo":4,"toFrameNo":1,"timestampMs":5,"caller":"user:op"}"#,
            ),
        ),
        (
            Event::SideEffectBoundaryCrossed {
                op_id: "op".into(),
                operation: "rewind".into(),
                report: RawJson::of(&()),
            },
            None,
        ),
        (
            Event::EffectRevertFinished {
                node: node(),
                attempt: 1,
                seq: 0,
                operation: "rewind".into(),
                kind: "task".into(),
                tool_name: "t0".into(),
            },
            None,
        ),
        (
            Event::RunForked {
                parent_run_id: "r0".into(),
                parent_frame_no: 3,
                branch_label: None,
            },
            None,
        ),
        (
            Event::CacheHit {
                node: node(),
                attempt: 1,
                cache_key: "k".into(),
                source_run_id: "r0".into(),
                age_ms: 5,
            },
            None,
        ),
        (
            Event::ScorerStarted {
                node: node(),
                attempt: 1,
                scorer_id: "tone".into(),
                scorer_name: "Tone".into(),
            },
            None,
        ),
        (
            Event::ScorerFinished {
                node: node(),
                attempt: 1,
                scorer_id: "tone".into(),
                scorer_name: "Tone".into(),
                score: ScoreValue::new(0.5).unwrap(),
            },
            None,
        ),
        (
            Event::ScorerFailed {
                node: node(),
                attempt: 1,
                scorer_id: "tone".into(),
                scorer_name: "Tone".into(),
                error: ErrorInfo::coded("SCORER_FAILED", "no idea"),
            },
            None,
        ),
        (
            Event::LateResultDropped {
                node: node(),
                attempt: 1,
            },
            None,
        ),
    ]
}

/// The kinds of events, numbered; the compiler asks for new ones.
pub(super) fn kind(event: &Event) -> usize {
    match event {
        Event::RunStarted => 0,
        Event::RunStatusChanged { .. } => 1,
        Event::RunFinished { .. } => 2,
        Event::RunFailed { .. } => 3,
        Event::RunCancelled => 4,
        Event::FrameCommitted { .. } => 5,
        Event::NodePending { .. } => 6,
        Event::NodeStarted { .. } => 7,
        Event::NodeFinished { .. } => 8,
        Event::NodeFailed { .. } => 9,
        Event::NodeRetrying { .. } => 10,
        Event::NodeSkipped { .. } => 11,
        Event::NodeCancelled { .. } => 12,
        Event::NodeWaitingApproval { .. } => 13,
        Event::ApprovalRequested { .. } => 14,
        Event::ApprovalGranted { .. } => 15,
        Event::ApprovalDenied { .. } => 16,
        Event::LateResultDropped { .. } => 17,
        Event::ApprovalEscalated { .. } => 18,
        Event::ApprovalExpired { .. } => 19,
        Event::NodeOutput { .. } => 20,
        Event::TaskHeartbeat { .. } => 21,
        Event::TaskHeartbeatTimeout { .. } => 22,
        Event::NodeWaitingTimer { .. } => 23,
        Event::TimerCreated { .. } => 24,
        Event::TimerFired { .. } => 25,
        Event::TimerCancelled { .. } => 26,
        Event::RetryTaskFinished { .. } => 27,
        Event::NodeWaitingEvent { .. } => 28,
        Event::SignalReceived { .. } => 29,
        Event::CronTriggered { .. } => 30,
        Event::ApprovalVoted { .. } => 31,
        Event::RunContinuedAsNew { .. } => 32,
        Event::ApprovalAutoApproved { .. } => 33,
        Event::AgentEvent { .. } => 34,
        Event::TokenUsageReported { .. } => 35,
        Event::TimeTravelJumped { .. } => 36,
        Event::SideEffectBoundaryCrossed { .. } => 37,
        Event::EffectRevertFinished { .. } => 38,
        Event::RunForked { .. } => 39,
        Event::WorkflowPatchRecorded { .. } => 40,
        Event::CacheHit { .. } => 41,
        Event::ScorerStarted { .. } => 42,
        Event::ScorerFinished { .. } => 43,
        Event::ScorerFailed { .. } => 44,
    }
}
