//! Signs of life of tasks: what a heartbeat may carry, and what happens when none comes.

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::error::ErrorInfo;
use smithers_model::workflow::CallError;

use crate::agents::run_of;
use crate::driver::{Run, wait};

fn compute(props: &str, body: &str) -> Run {
    run_of(
        "const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));",
        &format!("<Task id='a' output={{outputs.out}} {props}>{{{body}}}</Task>"),
    )
}

fn failure(run: &mut Run) -> (ErrorInfo, bool) {
    match wait(run.call("a")) {
        Err(CallError::Failed { error, retryable }) => (error, retryable),
        other => panic!("it should have failed: {other:?}"),
    }
}

#[test]
fn a_task_tells_that_it_is_alive_and_what_the_next_attempt_must_know() {
    let mut run = compute(
        "",
        "async () => { const { heartbeat } = getTaskRuntime(); heartbeat(); heartbeat({ page: 7 }); await null; heartbeat('\\ud800'); return { n: 1 }; }",
    );
    run.finish("a");
    let expected = [None, Some("{\"page\":7}"), Some("\"\u{fffd}\"")];
    assert_eq!(run.beats(), expected.map(|beat| beat.map(RawJson::trusted)));
}

#[test]
fn the_next_attempt_is_given_what_was_told_last() {
    let body = "() => ({ n: getTaskRuntime().lastHeartbeat?.page ?? 0 })";
    let mut run = compute("", body);
    assert_eq!(wait(run.call("a")).unwrap().value(), json!({"n": 0}));
    run.last_heartbeat = Some(RawJson::trusted("{\"page\":7}"));
    assert_eq!(wait(run.attempt("a", 2)).unwrap().value(), json!({"n": 7}));
    let head = "const agent = { generate: async ({ lastHeartbeat }) => ({ output: { n: lastHeartbeat.page } }) };";
    let mut run = run_of(
        head,
        "<Task id='a' output={outputs.out} agent={agent}>x</Task>",
    );
    run.last_heartbeat = Some(RawJson::trusted("{\"page\":8}"));
    assert_eq!(wait(run.attempt("a", 2)).unwrap().value(), json!({"n": 8}));
}

#[test]
fn a_heartbeat_carries_json_of_at_most_a_mebibyte() {
    for (data, code) in [
        ("10n", "HEARTBEAT_PAYLOAD_NOT_JSON_SERIALIZABLE"),
        ("() => 1", "HEARTBEAT_PAYLOAD_NOT_JSON_SERIALIZABLE"),
        (
            "((o) => { o.o = o; return o; })({})",
            "HEARTBEAT_PAYLOAD_NOT_JSON_SERIALIZABLE",
        ),
        ("'x'.repeat(1024 * 1024)", "HEARTBEAT_PAYLOAD_TOO_LARGE"),
        ("'€'.repeat(400000)", "HEARTBEAT_PAYLOAD_TOO_LARGE"),
    ] {
        let body = format!("() => {{ getTaskRuntime().heartbeat({data}); return {{ n: 1 }}; }}");
        let (error, retryable) = failure(&mut compute("", &body));
        assert_eq!(
            (error.code.as_deref(), retryable),
            (Some(code), false),
            "{data}"
        );
    }
    let body =
        "() => { getTaskRuntime().heartbeat('x'.repeat(1024 * 1024 - 2)); return { n: 1 }; }";
    compute("", body).finish("a");
}

#[test]
fn a_task_that_gives_no_sign_of_life_is_given_up() {
    let mut run = compute(
        "heartbeatTimeoutMs={40}",
        "() => { const { signal } = getTaskRuntime(); return new Promise(() => signal.addEventListener('abort', () => calls.push(signal.reason.code))); }",
    );
    let (error, retryable) = failure(&mut run);
    assert_eq!(error.code.as_deref(), Some("TASK_HEARTBEAT_TIMEOUT"));
    assert!(retryable);
    let details = error.details.unwrap().value();
    assert_eq!(details["timeoutMs"], 40);
    assert!(details["lastHeartbeatAtMs"].as_i64().unwrap() > 0);
    let log = wait(run.call("log")).unwrap().value();
    assert_eq!(log["calls"], json!(["TASK_HEARTBEAT_TIMEOUT"]));
}

#[test]
fn a_task_that_beats_outlives_its_limit() {
    let body = "async () => { const { heartbeat } = getTaskRuntime(); \
        for (let n = 0; n < 40; n++) { heartbeat(); await sleep(10); } return { n: 1 }; }";
    compute("heartbeatTimeout='300'", body).finish("a");
}

#[test]
fn what_an_agent_shows_proves_that_it_is_alive() {
    let mut run = run_of(
        "const agent = { async generate({ onStdout, onStderr, onEvent, onStepFinish }) {
           for (const show of [onStdout, onStderr, onEvent, onStepFinish]) for (let n = 0; n < 10; n++) {
             show('x'); await new Promise((resolve) => setTimeout(resolve, 10));
           }
           return { output: { n: 1 } };
         } };",
        "<Task id='a' output={outputs.out} agent={agent} heartbeatTimeoutMs={300}>x</Task>",
    );
    run.finish("a");
    let written: usize = run.written().iter().map(|(_, text)| text.len()).sum();
    assert_eq!(written, 20, "it is output of the task as well");
}
