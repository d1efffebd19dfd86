//! Views against what was recorded from the public gateway, key by key.

use serde::Serialize;
use serde_json::value::RawValue;

use super::*;

fn text<T: Serialize>(view: &T) -> String {
    serde_json::to_string(view).expect("serialisable")
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.into()).expect("JSON")
}

fn columns() -> RunColumns<'static> {
    RunColumns {
        run_id: "run-r1",
        workflow_name: "chain",
        status: "finished",
        created_at_ms: 1,
        started_at_ms: Some(2),
        finished_at_ms: Some(3),
        config_json: Some("{}".into()),
        workflow_key: "chain",
        ..RunColumns::default()
    }
}

const COLUMNS: &str = concat!(
    r#"{"runId":"run-r1","parentRunId":null,"workflowName":"chain","workflowPath":null,"workflowHash":null,"#,
    r#""status":"finished","createdAtMs":1,"startedAtMs":2,"finishedAtMs":3,"heartbeatAtMs":null,"#,
    r#""runtimeOwnerId":null,"cancelRequestedAtMs":null,"pauseRequestedAtMs":null,"hijackRequestedAtMs":null,"#,
    r#""hijackTarget":null,"vcsType":null,"vcsRoot":null,"vcsRevision":null,"errorJson":null,"configJson":"{}","#,
    r#""cancelRequestId":null,"cancelRequestSource":null,"cancelRequestClientIdentity":null,"#,
    r#""cancelRequestClientPid":null,"workflowKey":"chain""#,
);

fn record() -> RunRecord<'static> {
    RunRecord {
        row: RunRow {
            columns: columns(),
            ..RunRow::default()
        },
        summary: [("finished", 3)].into(),
        run_state: Some(RunState {
            run_id: "run-r1",
            computed_at: "2026-11-22T16:01:12.407Z".into(),
            state: RunState::of_status("finished"),
            blocked: None,
            unhealthy: None,
        }),
        failed_children: None,
    }
}

const RUN_STATE: &str =
    r#""runState":{"runId":"run-r1","computedAt":"2026-11-22T16:01:12.407Z","state":"succeeded"}"#;

#[test]
fn a_run_row_has_every_key_in_the_recorded_order() {
    let row = RunRow {
        columns: columns(),
        ..RunRow::default()
    };
    assert_eq!(text(&row), format!(r#"{COLUMNS},"system":false}}"#));
}

#[test]
fn a_run_record_adds_the_summary_and_the_derived_state() {
    assert_eq!(
        text(&record()),
        format!(r#"{COLUMNS},"system":false,"summary":{{"finished":3}},{RUN_STATE}}}"#)
    );
}

#[test]
fn a_gap_snapshot_is_the_record_without_visibility() {
    let snapshot = GapSnapshot::from(record());
    assert_eq!(
        text(&snapshot),
        format!(r#"{COLUMNS},"summary":{{"finished":3}},{RUN_STATE}}}"#)
    );
}

#[test]
fn tasks_that_were_allowed_to_fail_are_named_at_the_end() {
    let keys = ["boom::0".to_owned()];
    let record = RunRecord {
        failed_children: FailedChildren::of(&keys),
        ..record()
    };
    assert!(text(&record).ends_with(r#","failedChildren":1,"failedChildKeys":["boom::0"]}"#));
    assert!(FailedChildren::of(&[]).is_none());
}

#[test]
fn a_blocked_run_says_what_it_waits_for() {
    let approval = Blocked::Approval {
        node_id: "approve",
        requested_at: "2026-11-22T16:01:18.820Z".into(),
        approvals: None,
        required_approvals: None,
        votes: None,
    };
    assert_eq!(
        text(&approval),
        r#"{"kind":"approval","nodeId":"approve","requestedAt":"2026-11-22T16:01:18.820Z"}"#,
    );
    let event = Blocked::Event {
        node_id: "user-feedback",
        correlation_key: "c-1",
    };
    assert_eq!(
        text(&event),
        r#"{"kind":"event","nodeId":"user-feedback","correlationKey":"c-1"}"#
    );
    assert_eq!(
        text(&Blocked::ExternalTrigger),
        r#"{"kind":"external-trigger"}"#
    );
    let decided = Blocked::ApprovalDecidedResumeRequired { node_id: "n" };
    assert_eq!(
        text(&decided),
        r#"{"kind":"approval-decided-resume-required","nodeId":"n"}"#
    );
    let quota = Blocked::Quota {
        quota_blocked_count: 2,
        reset_at_ms: None,
    };
    assert_eq!(text(&quota), r#"{"kind":"quota","quotaBlockedCount":2}"#);
    let stale = Unhealthy::EngineHeartbeatStale {
        last_heartbeat_at: "x".into(),
    };
    assert_eq!(
        text(&stale),
        r#"{"kind":"engine-heartbeat-stale","lastHeartbeatAt":"x"}"#
    );
}

#[test]
fn a_pending_approval_is_shown_as_recorded() {
    let mut row = ApprovalRow {
        run_id: "run-sel",
        workflow_key: "select",
        node_id: "pick",
        iteration: 0,
        request_title: "Pick one",
        request_summary: None,
        requested_at_ms: 5,
        approval_mode: "select",
        options: vec![
            OptionRow {
                key: "a",
                label: "Option A",
                summary: None,
            },
            OptionRow {
                key: "b",
                label: "Option B",
                summary: Some("second"),
            },
        ],
        allowed_scopes: &[],
        allowed_users: &[],
        auto_approve: None,
        request_digest: None,
        required_approvals: None,
        votes: None,
        answer_schema: None,
        owner: None,
        fallback_owner: None,
        escalates_at_ms: None,
        escalated_at_ms: None,
        expires_at_ms: None,
        on_expire: None,
        expired_at_ms: None,
        forbid_self_approval: false,
    };
    assert_eq!(
        text(&row),
        r#"{"runId":"run-sel","workflowKey":"select","nodeId":"pick","iteration":0,"requestTitle":"Pick one","requestSummary":null,"requestedAtMs":5,"approvalMode":"select","options":[{"key":"a","label":"Option A"},{"key":"b","label":"Option B","summary":"second"}],"allowedScopes":[],"allowedUsers":[],"autoApprove":null}"#,
    );
    row.owner = Some("user:ann".into());
    row.fallback_owner = Some("team:release".into());
    row.escalated_at_ms = Some(7);
    row.expires_at_ms = Some(9);
    row.on_expire = Some("wait");
    row.forbid_self_approval = true;
    let owned = r#","autoApprove":null,"owner":"user:ann","fallbackOwner":"team:release","escalatedAtMs":7,"expiresAtMs":9,"onExpire":"wait","forbidSelfApproval":true}"#;
    assert!(text(&row).ends_with(owned), "{}", text(&row));
}

#[test]
fn node_outputs_are_shown_as_recorded() {
    let schema = || OutputSchema {
        fields: vec![OutputField {
            name: "ok",
            r#type: "boolean",
            optional: false,
            nullable: false,
            description: None,
            members: None,
        }],
    };
    let fields =
        r#""schema":{"fields":[{"name":"ok","type":"boolean","optional":false,"nullable":false}]}"#;
    let row = raw(r#"{"ok":true,"n":1}"#);
    let produced = NodeOutput::Produced {
        row: &row,
        schema: schema(),
    };
    assert_eq!(
        text(&produced),
        format!(r#"{{"status":"produced","row":{{"ok":true,"n":1}},{fields}}}"#)
    );
    let pending = NodeOutput::Pending {
        row: (),
        schema: schema(),
    };
    assert_eq!(
        text(&pending),
        format!(r#"{{"status":"pending","row":null,{fields}}}"#)
    );
    let error = NodeError {
        name: Some("Error"),
        code: None,
        message: Some("boom"),
        attempt: Some(1),
    };
    let failed = NodeOutput::Failed {
        row: (),
        schema: schema(),
        partial: None,
        error: Some(error),
    };
    assert_eq!(
        text(&failed),
        format!(
            r#"{{"status":"failed","row":null,{fields},"partial":null,"error":{{"name":"Error","message":"boom","attempt":1}}}}"#
        ),
    );
    let denied = NodeOutput::Failed {
        row: (),
        schema: schema(),
        partial: None,
        error: None,
    };
    assert!(text(&denied).ends_with(r#""partial":null,"error":null}"#));
}

#[test]
fn a_long_node_error_is_clipped_between_characters() {
    let message = "é".repeat(5_000);
    let error = NodeError {
        name: None,
        code: None,
        message: Some(&message),
        attempt: None,
    };
    assert_eq!(
        text(&error),
        format!(r#"{{"message":"{}"}}"#, "é".repeat(4_000))
    );
}

#[test]
fn answers_are_shown_as_recorded() {
    assert_eq!(
        text(&LaunchAnswer {
            run_id: "run-b",
            workflow: "chain",
            system: false
        }),
        r#"{"runId":"run-b","workflow":"chain","system":false}"#,
    );
    assert_eq!(
        text(&CancelAnswer::cancelled("r")),
        r#"{"won":true,"status":"cancelled","terminalStatus":"cancelled","repaired":true,"runId":"r"}"#,
    );
    assert_eq!(
        text(&CancelAnswer::was_cancelled("r")),
        r#"{"won":false,"status":"already-terminal","terminalStatus":"cancelled","repaired":false,"runId":"r"}"#,
    );
    assert_eq!(
        text(&ResumeAnswer::requested("r")),
        r#"{"runId":"r","status":"resume_requested"}"#
    );
    assert_eq!(
        text(&ResumeAnswer::already_terminal("r")),
        r#"{"runId":"r","status":"already_terminal"}"#
    );
    assert_eq!(
        text(&DecisionAnswer {
            run_id: "r",
            node_id: "n",
            iteration: 0,
            approved: true
        }),
        r#"{"runId":"r","nodeId":"n","iteration":0,"approved":true}"#,
    );
    assert_eq!(
        text(&StreamAnswer {
            stream_id: "s",
            run_id: "r",
            after_seq: None,
            current_seq: 4
        }),
        r#"{"streamId":"s","runId":"r","afterSeq":null,"currentSeq":4}"#,
    );
}

#[test]
fn hello_and_health_are_shown_as_recorded() {
    let identity = Identity {
        pid: Some(7),
        started_at_ms: 9,
        ..Identity::default()
    };
    let identity_text = r#""identity":{"workspaceRoot":null,"backend":null,"version":null,"pid":7,"startedAtMs":9}"#;
    let scopes = ["*".to_owned()];
    let auth = HelloAuth {
        session_token: "t",
        role: "operator",
        scopes: &scopes,
        user_id: Some("user:op"),
        token_id: Some("0850123315d21ab9"),
    };
    let hello = Hello::new(
        identity.clone(),
        HelloPolicy { heartbeat_ms: 1000 },
        auth,
        HelloSnapshot::default(),
    );
    assert_eq!(
        text(&hello),
        format!(
            r#"{{"protocol":1,"features":["streaming","runs"],{identity_text},"policy":{{"heartbeatMs":1000}},"auth":{{"sessionToken":"t","role":"operator","scopes":["*"],"userId":"user:op","tokenId":"0850123315d21ab9"}},"snapshot":{{"runs":[],"approvals":[],"stateVersion":0}}}}"#
        ),
    );
    assert_eq!(
        text(&Health::method(0, 188, identity.clone(), (0, 0))),
        format!(
            r#"{{"protocol":1,"features":["streaming","runs"],"stateVersion":0,"uptimeMs":188,{identity_text},"workflowsLoaded":0,"workflowsTotal":0}}"#
        ),
    );
    assert_eq!(
        text(&Health::route(true, 3, identity, (1, 2))),
        format!(
            r#"{{"ok":true,"protocol":1,"features":["streaming","runs"],"stateVersion":3,{identity_text},"workflowsLoaded":1,"workflowsTotal":2}}"#
        ),
    );
}

#[test]
fn rows_of_lists_are_shown_as_recorded() {
    let workflow = WorkflowSummary {
        key: "chain",
        readable_name: None,
        description: None,
        has_ui: false,
        ui_path: None,
        system: false,
    };
    assert_eq!(
        text(&workflow),
        r#"{"key":"chain","hasUi":false,"uiPath":null,"system":false}"#
    );
    let node = NodeStateRow {
        node_id: "t0",
        iteration: 0,
        state: "finished",
        last_attempt: Some(1),
        updated_at_ms: 3,
        label: None,
        started_at_ms: Some(1),
        finished_at_ms: Some(3),
        required_approvals: None,
        votes: None,
    };
    assert_eq!(
        text(&node),
        r#"{"nodeId":"t0","iteration":0,"state":"finished","lastAttempt":1,"updatedAtMs":3,"label":null,"startedAtMs":1,"finishedAtMs":3}"#,
    );
}

#[test]
fn broadcast_events_have_the_recorded_payloads() {
    let check = |event: BroadcastEvent<'_>, name: &str, payload: &str| {
        assert_eq!((event.name(), text(&event).as_str()), (name, payload));
    };
    type E<'a> = BroadcastEvent<'a>;
    let error = raw(r#"{"name":"Error","message":"boom"}"#);
    let failed = ["boom::0".to_owned()];
    check(
        E::node_pending("r", "t0", 0),
        "node.pending",
        r#"{"runId":"r","nodeId":"t0","state":"pending","iteration":0}"#,
    );
    check(
        E::node_started("r", "t0"),
        "node.started",
        r#"{"runId":"r","nodeId":"t0","state":"in-progress"}"#,
    );
    check(
        E::node_finished("r", "t0"),
        "node.finished",
        r#"{"runId":"r","nodeId":"t0","state":"finished"}"#,
    );
    check(
        E::node_failed("r", "t0", &error),
        "node.failed",
        r#"{"runId":"r","nodeId":"t0","state":"failed","error":{"name":"Error","message":"boom"}}"#,
    );
    check(
        E::node_skipped("r", "t0"),
        "node.skipped",
        r#"{"runId":"r","nodeId":"t0","state":"skipped"}"#,
    );
    check(
        E::node_cancelled("r", "t0"),
        "node.cancelled",
        r#"{"runId":"r","nodeId":"t0","state":"cancelled"}"#,
    );
    check(
        E::node_retrying("r", "t0", 2),
        "node.retrying",
        r#"{"runId":"r","nodeId":"t0","state":"in-progress","attempt":2}"#,
    );
    check(
        E::node_waiting_approval("r", "n", 0),
        "node.waiting_approval",
        r#"{"runId":"r","nodeId":"n","state":"waiting","iteration":0}"#,
    );
    check(
        E::node_waiting_timer("r", "n", 0),
        "node.waiting_timer",
        r#"{"runId":"r","nodeId":"n","state":"waiting","iteration":0}"#,
    );
    check(
        E::task_output("r", "n", "hi", "stdout"),
        "task.output",
        r#"{"runId":"r","nodeId":"n","output":"hi","stream":"stdout"}"#,
    );
    check(
        E::task_heartbeat("r", "n", 0, 1),
        "task.heartbeat",
        r#"{"runId":"r","nodeId":"n","iteration":0,"attempt":1}"#,
    );
    let jump = Jump {
        from_frame_no: 4,
        to_frame_no: 1,
        timestamp_ms: 7,
        caller: "user:op",
    };
    check(
        E::time_travel_jumped("r", jump),
        "run.time_travel_jumped",
        r#"{"runId":"r","fromFrameNo":4,"toFrameNo":1,"timestampMs":7,"caller":"user:op"}"#,
    );
    check(
        E::approval_requested("r", "n", 0),
        "approval.requested",
        r#"{"runId":"r","nodeId":"n","iteration":0}"#,
    );
    check(
        E::approval_decided("r", "n", 0, true),
        "approval.decided",
        r#"{"runId":"r","nodeId":"n","iteration":0,"approved":true}"#,
    );
    check(
        E::approval_auto_approved("r", "n", 0),
        "approval.auto_approved",
        r#"{"runId":"r","nodeId":"n","iteration":0}"#,
    );
    check(
        E::run_finished("r", &[]),
        "run.completed",
        r#"{"runId":"r","status":"finished"}"#,
    );
    check(
        E::run_finished("r", &failed),
        "run.completed",
        r#"{"runId":"r","status":"finished","failedChildren":1,"failedChildKeys":["boom::0"]}"#,
    );
    check(
        E::run_failed("r", &error),
        "run.completed",
        r#"{"runId":"r","status":"failed","error":{"name":"Error","message":"boom"}}"#,
    );
    check(
        E::run_cancelled("r"),
        "run.completed",
        r#"{"runId":"r","status":"cancelled"}"#,
    );
}
