//! `launchRun`: what it takes, what it bounds, who started a run.

use serde_json::{Value, json};

use super::super::*;
use super::{expect, params, refusal};
use crate::error::RpcError;

fn launch(value: Value) -> Result<LaunchRun, RpcError> {
    LaunchRun::read(params(value))
}

#[test]
fn a_launch_needs_a_workflow_only() {
    let launched = launch(json!({"workflow": "chain"})).unwrap();
    assert_eq!(
        (
            launched.workflow.as_str(),
            launched.input.len(),
            launched.run_id
        ),
        ("chain", 0, None)
    );
    for value in [
        json!({}),
        json!({"workflow": 5}),
        json!({"workflow": ""}),
        json!({"workflow": null}),
    ] {
        expect(launch(value), "INVALID_REQUEST", "workflow is required");
    }
}

#[test]
fn an_input_that_is_no_object_counts_as_empty() {
    for input in [json!([1]), json!("x"), json!(null)] {
        assert!(
            launch(json!({"workflow": "chain", "input": input}))
                .unwrap()
                .input
                .is_empty()
        );
    }
    let input = launch(json!({"workflow": "chain", "input": {"b": 1, "a": 2}}))
        .unwrap()
        .input;
    assert_eq!(serde_json::to_string(&input).unwrap(), r#"{"b":1,"a":2}"#);
}

#[test]
fn an_input_is_bounded_in_depth_and_bytes() {
    let nested = |depth: usize| (1..depth).fold(json!({}), |inner, _| json!({"d": inner}));
    assert!(launch(json!({"workflow": "chain", "input": nested(32)})).is_ok());
    expect(
        launch(json!({"workflow": "chain", "input": nested(33)})),
        "INVALID_INPUT",
        "input exceeds the maximum JSON depth of 32.",
    );
    let text = "x".repeat(crate::limits::MAX_INPUT_BYTES);
    expect(
        launch(json!({"workflow": "chain", "input": {"t": text}})),
        "INVALID_INPUT",
        "input exceeds 1048576 bytes.",
    );
}

#[test]
fn a_launch_takes_its_id_from_the_parameters_before_the_options() {
    let run_id = |value: Value| launch(value).unwrap().run_id;
    assert_eq!(
        run_id(json!({"workflow": "c", "options": {"runId": "run-3tasks"}})).as_deref(),
        Some("run-3tasks")
    );
    assert_eq!(
        run_id(json!({"workflow": "c", "runId": "a", "options": {"runId": "b"}})).as_deref(),
        Some("a")
    );
    expect(
        launch(json!({"workflow": "c", "options": {"runId": "BAD ID/.."}})),
        "InvalidRunId",
        "runId must match /^[a-z0-9_-][a-z0-9_.-]{0,63}$/.",
    );
}

#[test]
fn launch_options_are_checked() {
    let options = |options: Value| launch(json!({"workflow": "c", "options": options}));
    let launched =
        options(json!({"maxConcurrency": "2", "allowNetwork": true, "idempotencyKey": "k"}))
            .unwrap();
    assert_eq!(
        (launched.max_concurrency, launched.allow_network),
        (Some(2), Some(true))
    );
    assert_eq!(launched.idempotency_key.as_deref(), Some("k"));
    for value in [json!(0), json!(-1), json!("x"), json!(true)] {
        let message = "maxConcurrency must be a finite number greater than 0.";
        expect(
            options(json!({"maxConcurrency": value})),
            "INVALID_INPUT",
            message,
        );
    }
    expect(
        options(json!({"maxOutputBytes": 1.5})),
        "INVALID_INPUT",
        "maxOutputBytes must be an integer greater than 0.",
    );
    for key in [json!(""), json!(1), json!("k".repeat(257))] {
        let message = "idempotencyKey must be a text of 1 to 256 bytes";
        expect(
            options(json!({"idempotencyKey": key})),
            "INVALID_REQUEST",
            message,
        );
    }
}

#[test]
fn who_started_a_run_is_trimmed_and_clipped() {
    let started_by =
        |value: Value| launch(json!({"workflow": "c", "options": {"startedBy": value}}));
    let read = started_by(
        json!({"harness": " codex ", "sessionId": "", "prompt": "é".repeat(9_000), "detected": true}),
    );
    let read = read.unwrap().started_by.unwrap();
    assert_eq!(
        (read.harness.as_deref(), read.session_id, read.detected),
        (Some("codex"), None, Some(true))
    );
    let prompt = read.prompt.unwrap();
    assert_eq!(
        (prompt.chars().count(), prompt.ends_with("é…")),
        (8_192, true)
    );
    for value in [
        json!("x"),
        json!({"other": 1}),
        json!({"detected": false}),
        json!({"harness": 1}),
        json!({"harness": "h".repeat(65)}),
    ] {
        assert_eq!(refusal(started_by(value)).0, "INVALID_REQUEST");
    }
}
