//! The table of gateway-protocol 7.1, row by row, against payloads as they were recorded.

use std::collections::BTreeSet;

use bytes::BytesMut;
use smithers_model::approval::{ApprovalMode, ApprovalRequest};
use smithers_model::error::ErrorInfo;
use smithers_model::event::{CancelReason, Event};
use smithers_model::ownership::OnExpire;
use smithers_model::report::OutputStream;
use smithers_model::run::RunStatus;
use smithers_model::signal::SignalAddress;
use smithers_model::wait::TimerType;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};

use super::*;

fn stored(event: &Event) -> StoredEvent {
    let run_id = RunId::from("r1");
    let visible = event.is_visible().then_some(());
    StoredEvent {
        position: 40,
        seq: 9,
        stream_seq: visible.map(|()| 3),
        state_version: visible.map(|()| 17),
        at: Timestamp(5),
        type_name: event.type_name().into(),
        payload: event.payload(&run_id, Timestamp(5)),
        run_id,
    }
}

/// The plain frame of an event, without the frame around name and payload.
fn shown(event: &Event) -> Option<String> {
    let event = run_event(&stored(event)).unwrap()?;
    let mut frame = BytesMut::new();
    event.write_plain(&mut frame, 8);
    let frame = String::from_utf8(frame.to_vec()).unwrap();
    let inner = frame.strip_prefix(r#"{"type":"event","event":"#).unwrap();
    let end = r#","seq":8,"stateVersion":17,"apiVersion":"v1"}"#;
    Some(
        inner
            .strip_suffix(end)
            .unwrap()
            .replacen(r#","payload":"#, " ", 1),
    )
}

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
fn table() -> Vec<(Event, Option<&'static str>)> {
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
            Event::LateResultDropped {
                node: node(),
                attempt: 1,
            },
            None,
        ),
    ]
}

#[test]
fn every_event_is_shown_as_it_was_recorded() {
    for (event, expected) in table() {
        assert_eq!(shown(&event).as_deref(), expected, "{}", event.type_name());
    }
}

/// The kinds of events, numbered; the compiler asks for new ones.
fn kind(event: &Event) -> usize {
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
    }
}

#[test]
fn the_table_has_every_kind_of_event() {
    let kinds: BTreeSet<usize> = table().iter().map(|(event, _)| kind(event)).collect();
    assert_eq!(kinds, (0..34).collect());
}

#[test]
fn what_has_a_stream_number_has_a_name_on_the_wire_and_the_rest_has_none() {
    for (event, _) in table() {
        let has_name = write(&stored(&event)).unwrap().is_some();
        assert_eq!(has_name, event.is_visible(), "{}", event.type_name());
    }
}

#[test]
fn only_approval_events_concern_approvals() {
    let shown = table()
        .into_iter()
        .filter_map(|(event, shown)| Some((event, shown?)));
    for (event, shown) in shown {
        let expected = shown.starts_with("\"approval.");
        assert_eq!(
            concerns_approval(event.type_name()),
            expected,
            "{}",
            event.type_name()
        );
    }
}

#[test]
fn a_streamed_frame_carries_the_numbers_of_the_event_and_those_of_the_socket() {
    let event = run_event(&stored(&Event::RunCancelled)).unwrap().unwrap();
    let id = smithers_protocol::frame::StreamId::new("s-1").unwrap();
    let mut frame = BytesMut::new();
    event.write_streamed(&mut frame, &id, 8, 99);
    assert_eq!(
        std::str::from_utf8(&frame).unwrap(),
        r#"{"type":"event","event":"run.event","payload":{"streamId":"s-1","apiVersion":"v1","type":"RunEvent","runId":"r1","event":"run.completed","payload":{"runId":"r1","status":"cancelled"},"seq":3,"stateVersion":17,"emittedAtMs":5},"seq":8,"stateVersion":99,"apiVersion":"v1"}"#
    );
}

#[test]
fn a_damaged_payload_is_an_error_that_names_the_event() {
    let mut event = stored(&Event::RunCancelled);
    event.payload = RawJson::trusted("7");
    let error = run_event(&event).unwrap_err().to_string();
    assert_eq!(
        error,
        "event 9 of run `r1` cannot be read (type `RunCancelled`)"
    );
}
