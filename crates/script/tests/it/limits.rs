//! Limits: whoever breaks one fails, everybody else goes on.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::error::ErrorInfo;
use smithers_model::workflow::{CallError, Workflow};
use smithers_script::Limits;

use crate::driver::{Run, load_source, strict_host, try_load_source, wait};

/// Runs with input `{mode}` misbehave as told; the others do their task.
const MISCHIEF: &str = r#"
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }) });
const kept = [];
let waiting = false;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const deep = () => [deep()];
const forever = () => { for (;;) {} };
const modes = {
  loop: forever,
  deep: () => deep(),
  heap: () => { for (;;) kept.push(new Array(100000).fill(0)); },
  late: () => new Promise(() => setTimeout(forever, 1)),
  spin: async () => { for (;;) await null; },
  native: () => Array.prototype.fill.call(Object.defineProperty(new Uint8Array(1), "length", { value: 2 ** 53 - 1 }), 1),
  regex: () => /^(a+)+$/.test("a".repeat(40) + "b"),
  wait: async () => { waiting = true; await sleep(1500); waiting = false; return { n: 2 }; },
  ready: async () => { while (!waiting) await sleep(1); return { n: 0 }; },
  fine: () => ({ n: 1 }),
};
export default smithers((ctx) => {
  if (ctx.input.render) modes[ctx.input.render]();
  return (
    <Workflow name="mischief">
      <Task id="task" output={outputs.out}>{modes[ctx.input.mode ?? "fine"]}</Task>
    </Workflow>
  );
});
"#;

fn failure(answer: Result<RawJson, CallError>) -> ErrorInfo {
    match answer.unwrap_err() {
        CallError::Failed { error, retryable } => {
            assert!(retryable);
            error
        }
        lost => panic!("the offender must fail, got {lost:?}"),
    }
}

#[test]
fn an_endless_loop_while_rendering_fails_that_run_alone() {
    let host = strict_host();
    let workflow = load_source(&host, MISCHIEF);
    let mut bystander = Run::start(&workflow, "good", "{}");
    let mut offender = Run::open(&workflow, "bad", r#"{"render": "loop"}"#);
    let error = offender.render().unwrap_err();
    assert!(error.has_code("WORKFLOW_RENDER_FAILED"), "{error:?}");
    assert_eq!(bystander.finish("task"), json!({"n": 1}));
}

#[test]
fn a_render_that_was_stopped_leaves_no_context_behind() {
    let host = strict_host();
    let source = r#"
import { Workflow, createSmithers } from "smithers-orchestrator";
import { createContext, useContext } from "react";
const { smithers } = createSmithers({});
const Mark = createContext("clean");
const Show = () => useContext(Mark);
const Loop = () => { for (;;) {} };
export default smithers((ctx) => (
  <Workflow name="w">{ctx.input.bad ? <Mark.Provider value="dirty"><Loop/></Mark.Provider> : <Show/>}</Workflow>
));
"#;
    let workflow = load_source(&host, source);
    assert!(
        Run::open(&workflow, "bad", r#"{"bad": true}"#)
            .render()
            .is_err()
    );
    let run = Run::start(&workflow, "good", "{}");
    assert!(
        run.tree.content().xml.contains("clean"),
        "{}",
        run.tree.content().xml
    );
}

#[test]
fn an_endless_loop_in_a_callback_fails_that_call_alone() {
    let host = strict_host();
    let workflow = load_source(&host, MISCHIEF);
    for mode in ["loop", "late", "regex"] {
        let mut bystander = Run::start(&workflow, "good", r#"{"mode": "wait"}"#);
        let waiting = bystander.call("task");
        let mut offender = Run::start(&workflow, "bad", &format!(r#"{{"mode": "{mode}"}}"#));
        let call = offender.call("task");
        let (failed, waited) = wait(async { tokio::join!(call, waiting) });
        assert!(failure(failed).has_code("TASK_TIMEOUT"), "{mode}");
        assert_eq!(waited.unwrap().value(), json!({"n": 2}), "{mode}");
    }
}

#[test]
fn deep_recursion_is_an_ordinary_error() {
    let host = strict_host();
    let workflow = load_source(&host, MISCHIEF);
    let mut run = Run::start(&workflow, "bad", r#"{"mode": "deep"}"#);
    let error = failure(wait(run.call("task")));
    assert!(error.message.contains("stack"), "{error:?}");
    let error = Run::open(&workflow, "bad2", r#"{"render": "deep"}"#)
        .render()
        .unwrap_err();
    assert!(error.message.contains("stack"), "{error:?}");
    assert_eq!(
        Run::start(&workflow, "good", "{}").finish("task"),
        json!({"n": 1})
    );
}

#[test]
fn an_exhausted_heap_costs_the_runtime_and_bystanders_are_told_so() {
    let host = strict_host();
    let workflow = load_source(&host, MISCHIEF);
    for how in [r#"{"mode": "heap"}"#, r#"{"render": "heap"}"#] {
        let mut bystander = Run::start(&workflow, "good", r#"{"mode": "wait"}"#);
        let waiting = under_way(&workflow, &mut bystander);
        let mut offender = Run::open(&workflow, "bad", how);
        match offender.render() {
            Err(error) => assert!(error.message.contains("heap"), "{error:?}"),
            Ok(()) => {
                let error = failure(wait(offender.call("task")));
                assert!(error.message.contains("heap"), "{error:?}");
            }
        }
        let lost = waiting.join().unwrap().unwrap_err();
        assert!(matches!(lost, CallError::RuntimeLost { .. }), "{lost:?}");
        // The bystander's session finds itself a fresh runtime.
        assert_eq!(bystander.finish("task"), json!({"n": 2}));
    }
}

#[test]
fn an_endless_chain_of_promises_costs_the_runtime_and_the_offender_its_call() {
    let host = strict_host();
    let workflow = load_source(&host, MISCHIEF);
    let mut bystander = Run::start(&workflow, "good", r#"{"mode": "wait"}"#);
    let waiting = under_way(&workflow, &mut bystander);
    let mut offender = Run::start(&workflow, "bad", r#"{"mode": "spin"}"#);
    assert!(failure(wait(offender.call("task"))).has_code("TASK_TIMEOUT"));
    let lost = waiting.join().unwrap().unwrap_err();
    assert!(matches!(lost, CallError::RuntimeLost { .. }), "{lost:?}");
    assert_eq!(bystander.finish("task"), json!({"n": 2}));
}

/// Starts the task of `run`, whose mode is `wait`, and returns once its body has begun.
fn under_way(
    workflow: &Arc<dyn Workflow>,
    run: &mut Run,
) -> JoinHandle<Result<RawJson, CallError>> {
    let call = run.call("task");
    let waiting = std::thread::spawn(move || wait(call));
    Run::start(workflow, "ready", r#"{"mode": "ready"}"#).finish("task");
    waiting
}

#[test]
fn modules_that_never_end_or_exhaust_the_heap_do_not_load() {
    let host = strict_host();
    let started = Instant::now();
    for (source, problem) in [
        ("for (;;) {}", "did not end within"),
        ("await new Promise(() => {});", "did not end within"),
        (
            "const all = []; for (;;) all.push(new Array(100000).fill(0));",
            "heap",
        ),
        ("const f = () => [f()]; f();", "stack"),
    ] {
        let error = try_load_source(&host, source).unwrap_err().to_string();
        assert!(error.contains(problem), "{source}: {error}");
    }
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(
        Run::start(&load_source(&host, MISCHIEF), "good", "{}").finish("task"),
        json!({"n": 1})
    );
}

#[test]
fn absurd_sources_are_refused() {
    let host = strict_host();
    let huge = format!("/*{}*/", " ".repeat(Limits::default().file_bytes));
    assert!(
        try_load_source(&host, &huge)
            .unwrap_err()
            .to_string()
            .contains("bytes")
    );
    let nested = "[".repeat(100_000);
    assert!(
        try_load_source(&host, &nested)
            .unwrap_err()
            .to_string()
            .contains("nested deeper")
    );
    // The deepest nesting that is let through does not overflow anything.
    let depth = Limits::default().bracket_depth - 1;
    let deepest = format!("export default {}{};", "(".repeat(depth), ")".repeat(depth));
    let error = try_load_source(&host, &deepest).unwrap_err().to_string();
    assert!(error.contains("gateway.tsx:1:"), "{error}");
}

#[test]
fn trees_that_are_too_deep_are_refused() {
    let host = strict_host();
    let source = r#"
import { Workflow, createSmithers } from "smithers-orchestrator";
const { smithers } = createSmithers({});
const nest = (depth) => (depth === 0 ? null : <a>{nest(depth - 1)}</a>);
export default smithers((ctx) => <Workflow name="w">{nest(ctx.input.depth)}</Workflow>);
"#;
    let workflow = load_source(&host, source);
    assert!(
        Run::open(&workflow, "fits", r#"{"depth": 250}"#)
            .render()
            .is_ok()
    );
    let error = Run::open(&workflow, "deep", r#"{"depth": 300}"#)
        .render()
        .unwrap_err();
    assert!(
        error.has_code("INVALID_INPUT") && error.message.contains("nested deeper"),
        "{error:?}"
    );
    assert!(
        Run::open(&workflow, "deeper", r#"{"depth": 3000}"#)
            .render()
            .is_err()
    );
}

#[test]
fn code_that_is_stuck_in_native_code_is_left_behind_with_its_thread() {
    let host = strict_host();
    let workflow = load_source(&host, MISCHIEF);
    let mut bystander = Run::start(&workflow, "good", r#"{"mode": "wait"}"#);
    let waiting = under_way(&workflow, &mut bystander);
    let mut offender = Run::start(&workflow, "bad", r#"{"mode": "native"}"#);
    let started = Instant::now();
    assert!(failure(wait(offender.call("task"))).has_code("TASK_TIMEOUT"));
    assert!(started.elapsed() < Duration::from_secs(10));
    let lost = waiting.join().unwrap().unwrap_err();
    assert!(matches!(lost, CallError::RuntimeLost { .. }), "{lost:?}");
    assert_eq!(bystander.finish("task"), json!({"n": 2}));
}
