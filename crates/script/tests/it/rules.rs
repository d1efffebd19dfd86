//! Rules of the components: required properties, codes, what a task looks like to the engine.

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::tree::{Backoff, Kind, RetryPolicy, TaskBody};
use smithers_model::workflow::CallError;

use crate::driver::{Run, host, load_source, wait};

/// A run of a workflow with `body` inside a Sequence.
pub(crate) fn frame(body: &str) -> Result<Run, ErrorInfo> {
    frame_of(&format!(
        "<Workflow name=\"w\"><Sequence>{body}</Sequence></Workflow>"
    ))
}

fn frame_of(tree: &str) -> Result<Run, ErrorInfo> {
    let source = format!(
        r#"
import * as s from "smithers-orchestrator";
import {{ z }} from "zod";
const {{ Workflow, Sequence, Parallel, Branch, Task, Approval, ApprovalGate, Loop, HumanTask, Sandbox, Timer, createSmithers, continueAsNew, SmithersError, useCtx, getTaskRuntime }} = s;
const shared = z.object({{ s: z.string() }});
const {{ smithers, outputs, tables }} = createSmithers({{ out: z.object({{ n: z.number(), note: z.string().optional() }}), one: shared, two: shared, decision: s.approvalDecisionSchema, pick: s.approvalSelectionSchema }});
const stranger = z.object({{ n: z.number() }});
export default smithers((ctx) => {tree});
"#
    );
    let host = host();
    let workflow = load_source(&host, &source);
    let mut run = Run::open(&workflow, "r1", "{}").keep(host);
    run.render().map(|()| run)
}

fn code_of(body: &str) -> String {
    match frame(body) {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.code.unwrap_or(error.name),
    }
}

#[test]
fn broken_elements_fail_the_render_with_their_code() {
    for (body, code) in [
        (
            "<Task output={outputs.out}>{{n: 1}}</Task>",
            "TASK_ID_REQUIRED",
        ),
        (
            "<Task id='' output={outputs.out}>{{n: 1}}</Task>",
            "TASK_ID_REQUIRED",
        ),
        ("<Task id='a'>{{n: 1}}</Task>", "TASK_MISSING_OUTPUT"),
        (
            "<Task id='a' output={stranger}>{{n: 1}}</Task>",
            "UNKNOWN_OUTPUT_SCHEMA",
        ),
        (
            "<Task id='a' output='nope'>{{n: 1}}</Task>",
            "UNKNOWN_OUTPUT_SCHEMA",
        ),
        (
            "<Task id='a' output={shared}>{{s: 'x'}}</Task>",
            "UNKNOWN_OUTPUT_SCHEMA",
        ),
        (
            "<><Task id='a' output={outputs.out}>{{n: 1}}</Task><Task id='a' output={outputs.out}>{{n: 1}}</Task></>",
            "DUPLICATE_ID",
        ),
        (
            "<Approval id='a' output={outputs.pick} mode='select' request={{title: 't'}}/>",
            "APPROVAL_OPTIONS_REQUIRED",
        ),
        (
            "<Approval id='a' output={outputs.pick} mode='rank' options={[]} request={{title: 't'}}/>",
            "APPROVAL_OPTIONS_REQUIRED",
        ),
        (
            "<Approval id='a' output={outputs.decision} onDeny='explode'/>",
            "INVALID_INPUT",
        ),
        (
            "<Approval id='a' output={outputs.decision} allowedUsers={['']}/>",
            "INVALID_INPUT",
        ),
        ("<Branch if={true}><a/></Branch>", "INVALID_INPUT"),
        (
            "<Task id='a' output={outputs.out} retries='many'>{{n: 1}}</Task>",
            "INVALID_INPUT",
        ),
        (
            "<Task id='a' output={outputs.out} retryPolicy={{backoff: 'random'}}>{{n: 1}}</Task>",
            "INVALID_INPUT",
        ),
        ("{{}}", "INVALID_INPUT"),
        (
            "{s.Nope && <s.Nope/>}{(() => { const Nope = undefined; return <Nope/>; })()}",
            "INVALID_INPUT",
        ),
        (
            "{ctx.output(outputs.out, {nodeId: 'x'}).n}",
            "MISSING_OUTPUT",
        ),
        (
            "{(() => { throw new SmithersError('CUSTOM', 'mine'); })()}",
            "CUSTOM",
        ),
        (
            "{(() => { throw new Error('boom'); })()}",
            "WORKFLOW_RENDER_FAILED",
        ),
        ("<a/>", "no error"),
        ("<Task id='a' output='out'>{{n: 1}}</Task>", "no error"),
        (
            "<Task id='a' output={tables.out}>{{n: 1}}</Task>",
            "no error",
        ),
        (
            "<Task id='a' output={outputs.two}>{{s: 'x'}}</Task>",
            "no error",
        ),
    ] {
        assert_eq!(code_of(body), code, "{body}");
    }
}

#[test]
fn a_thrown_error_keeps_its_cause_and_its_place() {
    let error = frame("{(() => {\n throw new TypeError('boom'); })()}")
        .err()
        .unwrap();
    assert_eq!(error.message, "the workflow failed to render: boom");
    let cause = error.cause.unwrap();
    assert_eq!(
        (cause.name.as_str(), cause.message.as_str(), cause.code),
        ("TypeError", "boom", None)
    );
    let stack = cause.stack.unwrap();
    assert!(stack.contains("at gateway.tsx:9:"), "{stack}");
    assert!(!stack.contains("smithers:"), "{stack}");
}

#[test]
fn properties_of_a_task_reach_the_engine() {
    let run = frame(
        "<Task id='a' output={outputs.out} label='A' dependsOn={['b', 'c']} priority={3} continueOnFail retries={2} \
         retryPolicy={{backoff: 'linear', initialDelayMs: 40}}>{() => ({n: 1})}</Task>",
    )
    .unwrap();
    let task = run.task("a");
    let depends_on: Vec<_> = task.depends_on.iter().map(ToString::to_string).collect();
    assert_eq!(depends_on, ["b", "c"]);
    assert_eq!(
        (task.label.as_deref(), task.priority, task.continue_on_fail),
        (Some("A"), 3, true)
    );
    assert_eq!(
        task.retry,
        RetryPolicy {
            retries: 2,
            backoff: Backoff::Linear,
            initial_delay_ms: 40
        }
    );
    assert!(matches!(task.body, TaskBody::Compute(_)));
    assert!(task.approval.is_none());
}

#[test]
fn retries_are_explicit_and_otherwise_none() {
    let retry = |props: &str| {
        frame(&format!(
            "<Task id='a' output={{outputs.out}} {props}>{{{{n: 1}}}}</Task>"
        ))
        .unwrap()
        .task("a")
        .retry
    };
    assert_eq!(retry("").retries, 0);
    assert_eq!(
        retry("retries={2}"),
        RetryPolicy {
            retries: 2,
            backoff: Backoff::Exponential,
            initial_delay_ms: 1000
        }
    );
    assert_eq!(retry("retries={2} noRetry").retries, 0);
    assert_eq!(retry("retries={-4}").retries, 0);
    assert_eq!(
        retry("retryPolicy={{backoff: 'fixed'}}"),
        RetryPolicy {
            retries: 3,
            backoff: Backoff::Fixed,
            initial_delay_ms: 0
        }
    );
}

#[test]
fn static_payloads_are_checked_without_failing_the_frame() {
    let run = frame(
        "<Task id='good' output={outputs.out}>{{n: 1, extra: 2, runId: 'x'}}</Task>\
         <Task id='bad' output={outputs.out}>{{n: 'one'}}</Task>\
         <Task id='text' output={outputs.out}>hello</Task>\
         <Task id='promise' output={outputs.out}>{Promise.resolve({n: 1})}</Task>\
         <Task id='strict' output={outputs.out} outputSchema={z.object({n: z.number().max(3)})}>{{n: 4}}</Task>",
    )
    .unwrap();
    let payload = |id: &str| match &run.task(id).body {
        TaskBody::Static(Some(payload)) => payload.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(payload("good").unwrap().value(), json!({"n": 1}));
    for (id, problem) in [
        ("bad", "n: Invalid input"),
        ("text", "received string"),
        ("promise", "promise"),
        ("strict", "n: Too big"),
    ] {
        let error = payload(id).unwrap_err();
        assert!(
            error.has_code("INVALID_OUTPUT") && error.message.contains(problem),
            "{error:?}"
        );
    }
}

#[test]
fn skip_if_leaves_out_everything_but_a_task() {
    let run = frame(
        "<Task id='a' skipIf output={outputs.out}>{{n: 1}}</Task>\
         <Parallel skipIf><Task id='b' output={outputs.out}>{{n: 1}}</Task></Parallel>\
         <Approval id='c' skipIf output={outputs.decision}/>\
         <Branch skipIf if then={<Task id='d' output={outputs.out}>{{n: 1}}</Task>}/>\
         <Loop id='e' skipIf/>",
    )
    .unwrap();
    assert_eq!(run.tasks(), ["[a]"]);
    assert!(
        !run.tree
            .elements()
            .iter()
            .any(|element| matches!(element.kind, Kind::Later { .. }))
    );
}

#[test]
fn later_components_are_built_and_named() {
    for (body, name) in [
        ("<Sandbox id='s' output={outputs.out}/>", "Sandbox"),
        ("<s.Trellis id='t'/>", "Trellis"),
        (
            "<Task id='a' output={outputs.out} agent={new s.AnthropicAgent({model: 'm'})} fork='b'>hi</Task>",
            "Task with fork",
        ),
    ] {
        let run = frame(body).unwrap();
        let later = run
            .tree
            .elements()
            .iter()
            .find_map(|element| match &element.kind {
                Kind::Later { component } => Some(component.as_str()),
                _ => None,
            });
        assert_eq!(later, Some(name), "{body}");
        assert!(run.tasks().is_empty(), "{body}");
    }
}

#[test]
fn the_tree_has_the_recorded_form() {
    let run = frame_of(
        "<Workflow name='chain'><Sequence key='k'><Task id='t0' output={outputs.out}>{{n: 1}}</Task>\
         <><Parallel maxConcurrency={2.7} __hidden='x' data={{}}>{['a', null, false, 1]}</Parallel></></Sequence></Workflow>",
    )
    .unwrap();
    assert_eq!(
        run.tree.content().xml,
        concat!(
            r#"{"kind":"element","tag":"smithers:workflow","props":{"name":"chain"},"children":["#,
            r#"{"kind":"element","tag":"smithers:sequence","props":{},"children":["#,
            r#"{"kind":"element","tag":"smithers:task","props":{"id":"t0","waitAsync":"false"},"children":[]},"#,
            r#"{"kind":"element","tag":"smithers:parallel","props":{"maxConcurrency":"2.7"},"children":["#,
            r#"{"kind":"text","text":"a"},{"kind":"text","text":"1"}]}]}]}"#
        )
    );
    let limit = run
        .tree
        .elements()
        .iter()
        .find_map(|element| match &element.kind {
            Kind::Parallel(spec) => Some((spec.max_concurrency, spec.subtree_concurrency)),
            _ => None,
        });
    assert_eq!(limit, Some((Some(2), None)));
}

#[test]
fn outputs_of_functions_are_checked() {
    for (expression, problem, retryable) in [
        (
            "({n: 'x', note: 1})",
            "n: Invalid input: expected number, received string; note: ",
            false,
        ),
        ("undefined", "received undefined", false),
        ("[1]", "received array", false),
        ("({n: 1n})", "n: Invalid input", false),
        ("Promise.reject(new RangeError('no'))", "no", true),
        (
            "Promise.reject(Object.assign(new Error('never'), {details: {failureRetryable: false}}))",
            "never",
            false,
        ),
        ("Promise.reject('text')", "text", true),
        ("Promise.reject(null)", "null", true),
        ("(() => { throw null; })()", "null", true),
        (
            "Promise.reject(new Proxy(new Error('p'), { get() { throw new Error('inner'); } }))",
            "cannot be read",
            true,
        ),
        (
            "(() => { throw { get message() { throw new Error('inner'); } }; })()",
            "",
            true,
        ),
        (
            "(() => { throw new Proxy(new Error('p'), { get() { throw new Error('inner'); } }); })()",
            "",
            true,
        ),
    ] {
        let mut run = frame(&format!(
            "<Task id='a' output={{outputs.out}}>{{() => {expression}}}</Task>"
        ))
        .unwrap();
        let CallError::Failed {
            error,
            retryable: asked,
        } = wait(run.call("a")).unwrap_err()
        else {
            panic!("{expression}");
        };
        assert!(error.message.contains(problem), "{expression}: {error:?}");
        assert_eq!(asked, retryable, "{expression}");
    }
}

#[test]
fn half_characters_become_replacement_characters() {
    let mut run =
        frame(r"<Task id='a' output={outputs.out}>{() => ({n: 1, note: 'a\ud800b'})}</Task>")
            .unwrap();
    assert_eq!(run.finish("a"), json!({"n": 1, "note": "a\u{fffd}b"}));
}

#[test]
fn a_task_that_outlives_its_timeout_is_aborted() {
    let mut run = frame(
        "<Task id='slow' output={outputs.out} timeoutMs='50'>{() => { const {signal} = getTaskRuntime(); \
         return new Promise(() => signal.addEventListener('abort', () => { globalThis.why = signal.reason.code; })); }}</Task>\
         <Task id='why' output={outputs.out}>{() => ({n: 1, note: globalThis.why})}</Task>",
    )
    .unwrap();
    let CallError::Failed { error, retryable } = wait(run.call("slow")).unwrap_err() else {
        panic!("nothing was lost");
    };
    assert!(error.has_code("TASK_TIMEOUT") && retryable);
    assert_eq!(run.finish("why")["note"], "TASK_TIMEOUT");
}

#[test]
fn an_aborted_call_gets_its_signal_and_no_answer() {
    let mut run = frame(
        "<Task id='slow' output={outputs.out}>{() => { globalThis.begun = true; const {signal} = getTaskRuntime(); \
         return new Promise(() => { signal.onabort = () => { globalThis.aborted = true; }; }); }}</Task>\
         <Task id='begun' output={outputs.out}>{async () => { while (!globalThis.begun) await new Promise((r) => setTimeout(r, 1)); return {n: 1}; }}</Task>\
         <Task id='seen' output={outputs.out}>{async () => { while (!globalThis.aborted) await new Promise((r) => setTimeout(r, 1)); return {n: 1}; }}</Task>",
    )
    .unwrap();
    let slow = run.call("slow");
    let waiting = std::thread::spawn(move || wait(slow));
    run.finish("begun");
    run.abort("slow");
    run.finish("seen");
    assert!(waiting.join().unwrap().is_err());
}

#[test]
fn a_static_value_that_changes_between_frames_is_seen_to_have_changed() {
    let source = r#"
import { Workflow, Task, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number(), note: z.string().optional() }) });
const kept = { n: 0 };
let frames = 0;
export default smithers(() => {
  kept.n += 1;
  frames += 1;
  const grown = frames < 3 ? { n: 7 } : { n: 7, note: "grown" };
  const broken = { n: frames < 3 ? 1 : "three" };
  return (
    <Workflow name="w">
      <Task id="kept" output={outputs.out}>{kept}</Task>
      <Task id="grown" output={outputs.out}>{grown}</Task>
      <Task id="broken" output={outputs.out}>{broken}</Task>
    </Workflow>
  );
});
"#;
    let host = host();
    let mut run = Run::start(&load_source(&host, source), "r1", "{}");
    let text = |run: &Run, id: &str| match &run.task(id).body {
        TaskBody::Static(Some(payload)) => payload.clone().map(|text| text.as_str().to_owned()),
        other => panic!("{id} is {other:?}"),
    };
    for expected in [1, 2, 3] {
        let grown = if expected < 3 {
            r#"{"n":7}"#
        } else {
            r#"{"n":7,"note":"grown"}"#
        };
        assert_eq!(text(&run, "kept"), Ok(format!(r#"{{"n":{expected}}}"#)));
        assert_eq!(text(&run, "grown").as_deref(), Ok(grown));
        assert_eq!(text(&run, "broken").is_err(), expected == 3);
        run.render().unwrap();
    }
}
