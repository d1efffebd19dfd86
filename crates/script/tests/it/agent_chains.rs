//! Chains of agents: which one an attempt asks.

use serde_json::json;
use smithers_model::workflow::CallError;

use crate::agents::{failure, run_of};
use crate::driver::{Run, wait};

/// Agents that give their own number, and `broken(message, extra)`, which throws.
const AGENTS: &str = r#"
const gives = (n, more) => ({ id: `a${n}`, async generate() { return { output: { n } }; }, ...more });
const broken = (message, more) => ({ async generate() { throw Object.assign(new Error(message), more); } });
"#;

fn chain(agents: &str, props: &str) -> Run {
    let head = format!("{AGENTS} const team = {agents};");
    let body = format!("<Task id='a' output={{outputs.out}} agent={{team}} {props}>x</Task>");
    run_of(&head, &body)
}

/// The number that attempt `attempt` got.
fn number(run: &mut Run, attempt: u32) -> serde_json::Value {
    wait(run.attempt("a", attempt)).unwrap().value()["n"].clone()
}

#[test]
fn each_attempt_moves_to_the_next_agent_and_the_last_one_stays() {
    let mut run = chain("[gives(1), null, gives(2)]", "fallbackAgent={gives(3)}");
    let numbers: Vec<_> = (1..=5).map(|attempt| number(&mut run, attempt)).collect();
    assert_eq!(numbers, [1, 2, 3, 3, 3].map(|n| json!(n)));
}

#[test]
fn an_agent_that_is_not_ready_is_passed_over_within_the_attempt() {
    let mut run = chain(
        "[gives(1, { preflight: async () => { throw new Error('no') } }), \
          gives(2, { preflight: () => ({ ok: false }) }), gives(3, { preflight: () => ({ ok: true }) })]",
        "",
    );
    assert_eq!(number(&mut run, 1), 3);
}

#[test]
fn an_agent_that_cannot_log_in_is_not_asked_again_in_this_run() {
    for message in [
        "HTTP 401",
        "Invalid API key provided",
        "your credentials: expired credentials",
        "Unauthorized",
    ] {
        let mut run = chain(&format!("[broken({message:?}), gives(2)]"), "");
        let (_, said, retryable) = failure(&mut run, "a", 1);
        assert_eq!((said.as_str(), retryable), (message, true));
        assert_eq!(number(&mut run, 1), 2);
    }
    let mut alone = chain("broken('x', { statusCode: 401 })", "");
    assert!(!failure(&mut alone, "a", 1).2, "nobody is left to ask");
    let (code, message, retryable) = failure(&mut alone, "a", 2);
    assert_eq!((code.as_str(), retryable), ("AGENT_CONFIG_INVALID", false));
    assert!(
        message.contains("no agent of task \"a\" can be used"),
        "{message}"
    );
    let mut other = chain("broken('Unexpected token in invalid JSON')", "");
    assert!(failure(&mut other, "a", 1).2);
}

#[test]
fn a_used_up_quota_moves_on_within_the_attempt_and_ends_the_task_when_nobody_is_left() {
    let quota = "broken('quota', { details: { failureQuota: true } })";
    let mut run = chain(&format!("[{quota}, gives(2)]"), "");
    assert_eq!(number(&mut run, 1), 2);
    let mut alone = chain("broken('quota', { code: 'AGENT_QUOTA_EXCEEDED' })", "");
    let (code, message, retryable) = failure(&mut alone, "a", 1);
    assert_eq!((code.as_str(), retryable), ("AGENT_QUOTA_EXCEEDED", false));
    assert!(message.contains("quota of every agent"), "{message}");
    assert!(message.contains("resume the run"), "{message}");
}

#[test]
fn the_first_quota_that_is_restored_is_told() {
    let far = 4_000_000_000_000_i64;
    let out_until =
        |at| format!("broken('quota', {{ details: {{ failureQuota: true, resetAtMs: {at} }} }})");
    let mut run = chain(&format!("[{}, {}]", out_until(far + 5), out_until(far)), "");
    match wait(run.attempt("a", 1)) {
        Err(CallError::Failed { error, retryable }) => {
            assert_eq!(
                (error.code.as_deref(), retryable),
                (Some("AGENT_QUOTA_EXCEEDED"), false)
            );
            assert_eq!(error.details.unwrap().value(), json!({ "resetAtMs": far }));
        }
        other => panic!("it should have failed: {other:?}"),
    }
}

#[test]
fn a_quota_that_is_there_again_is_used_again() {
    let mut run = chain(
        "(() => { let calls = 0; return { async generate() { calls += 1; if (calls > 1) return { output: { n: calls } }; \
         throw Object.assign(new Error('quota'), { details: { failureQuota: true, resetAtMs: Date.now() - 1 } }); } }; })()",
        "",
    );
    failure(&mut run, "a", 1);
    assert_eq!(number(&mut run, 2), 2);
}

#[test]
fn a_task_without_a_usable_agent_says_so() {
    for agents in ["[]", "[null, false]", "({ id: 'dumb' })"] {
        let (code, _, retryable) = failure(&mut chain(agents, ""), "a", 1);
        assert_eq!((code.as_str(), retryable), ("AGENT_CONFIG_INVALID", false));
    }
}
