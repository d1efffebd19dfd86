//! A task that is the same in two frames keeps its node; what it does comes from the newest frame.

use serde_json::json;
use smithers_model::tree::TaskBody;

use crate::driver::{Run, host, load_source, wait};

const HEAD: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }), other: z.object({ n: z.number() }) });
"#;

/// A run whose workflow holds `step`, the task that ends, and then what `element` says; `later` tells whether the
/// task has its row.
fn run_of(element: &str) -> Run {
    let host = host();
    let source = format!(
        r#"{HEAD}
export default smithers((ctx) => {{
  const later = ctx.outputMaybe("other", {{ nodeId: "step" }}) !== undefined;
  return <Workflow name="w"><Task id="step" output={{outputs.other}}>{{{{ n: 1 }}}}</Task>{element}</Workflow>;
}});"#
    );
    Run::start(&load_source(&host, &source), "r1", "{}").keep(host)
}

/// Text properties of task `a` before and after `step`.
fn props_before_and_after(element: &str) -> [String; 2] {
    let mut run = run_of(element);
    let before = props_of_a(&run);
    run.finish("step");
    [before, props_of_a(&run)]
}

fn props_of_a(run: &Run) -> String {
    let name = ("id".to_owned(), "a".to_owned());
    let mut elements = run.tree.elements().iter();
    let found = elements.find(|element| element.props.contains(&name));
    format!("{:?}", found.expect("it is mounted").props)
}

#[test]
fn a_property_that_changes_comes_or_goes_is_seen() {
    for changing in [
        r#"label={later ? "x" : "y"}"#,
        "continueOnFail={later}",
        r#"{...(later ? { label: "x" } : {})}"#,
        r#"{...(later ? {} : { label: "x" })}"#,
        r#"{...(later ? { label: "x" } : { mark: "x" })}"#,
    ] {
        let element =
            format!("<Task id=\"a\" output={{outputs.out}} {changing}>{{{{ n: 1 }}}}</Task>");
        let [before, after] = props_before_and_after(&element);
        assert_ne!(before, after, "{changing}");
    }
}

#[test]
fn what_a_group_hands_down_is_seen_when_it_changes() {
    let element = r#"<Parallel priority={later ? 3 : 0}><Task id="a" output={outputs.out}>{{ n: 1 }}</Task></Parallel>"#;
    let mut run = run_of(element);
    assert_eq!(run.task("a").priority, 0);
    run.finish("step");
    assert_eq!(run.task("a").priority, 3);
}

#[test]
fn a_function_sees_the_newest_frame() {
    let mut run = run_of(
        r#"<Task id="a" output={outputs.out}>{() => ({ n: ctx.outputs.other.length })}</Task>"#,
    );
    run.finish("step");
    let output = wait(run.call("a")).unwrap();
    assert_eq!(output.value(), json!({ "n": 1 }));
}

#[test]
fn a_value_that_changes_is_seen_and_one_that_is_stored_is_not_asked_for() {
    let mut run = run_of(r#"<Task id="a" output={outputs.out}>{{ n: later ? 2 : 1 }}</Task>"#);
    let payload = |run: &Run| match &run.task("a").body {
        TaskBody::Static(payload) => payload.clone().map(|value| value.unwrap().value()),
        other => panic!("{other:?}"),
    };
    assert_eq!(payload(&run), Some(json!({ "n": 1 })));
    run.finish("step");
    assert_eq!(payload(&run), Some(json!({ "n": 2 })));
    run.store("a", r#"{"n":2}"#);
    assert_eq!(payload(&run), None);
}

#[test]
fn a_task_may_turn_into_one_with_a_function_and_back() {
    let mut run =
        run_of(r#"<Task id="a" output={outputs.out}>{later ? () => ({ n: 1 }) : { n: 1 }}</Task>"#);
    assert!(matches!(run.task("a").body, TaskBody::Static(Some(Ok(_)))));
    run.finish("step");
    assert!(matches!(run.task("a").body, TaskBody::Compute(_)));
}

#[test]
fn a_value_that_is_wrong_once_is_right_again() {
    let mut run = run_of(r#"<Task id="a" output={outputs.out}>{{ n: later ? 1 : "one" }}</Task>"#);
    assert!(matches!(run.task("a").body, TaskBody::Static(Some(Err(_)))));
    run.finish("step");
    assert!(matches!(run.task("a").body, TaskBody::Static(Some(Ok(_)))));
}

#[test]
fn a_list_that_is_changed_in_place_is_read_again() {
    let element = r#"<Task id="a" output={outputs.out} dependsOn={names(later)}>{{ n: 1 }}</Task>"#;
    let host = host();
    let source = format!(
        r#"{HEAD}
const list = ["step"];
const names = (later) => {{ if (later) list.push("other"); return list; }};
export default smithers((ctx) => {{
  const later = ctx.outputMaybe("other", {{ nodeId: "step" }}) !== undefined;
  return <Workflow name="w"><Task id="step" output={{outputs.other}}>{{{{ n: 1 }}}}</Task>{element}</Workflow>;
}});"#
    );
    let mut run = Run::start(&load_source(&host, &source), "r1", "{}").keep(host);
    assert_eq!(run.task("a").depends_on.len(), 1);
    run.finish("step");
    assert_eq!(run.task("a").depends_on.len(), 2);
}

#[test]
fn tasks_that_change_places_keep_their_own_names() {
    let element = r#"{(later ? ["b", "a"] : ["a", "b"]).map((id) => <Task id={id} output={outputs.out}>{{ n: 1 }}</Task>)}"#;
    let mut run = run_of(element);
    assert_eq!(run.tasks(), ["step", "a", "b"]);
    run.finish("step");
    assert_eq!(run.tasks(), ["step", "b", "a"]);
}

#[test]
fn places_with_gaps_and_keys_keep_their_own_state() {
    let element = r#"{later ? null : "x"}<Sequence>{[later && <Task key="k" id="c" output={outputs.out}>{{ n: 1 }}</Task>,
      <Task id="a" output={outputs.out}>{{ n: 1 }}</Task>, <Task key="k2" id="b" output={outputs.out}>{{ n: 1 }}</Task>]}</Sequence>"#;
    let mut run = run_of(element);
    assert_eq!(run.tasks(), ["step", "a", "b"]);
    run.finish("step");
    assert_eq!(run.tasks(), ["step", "c", "a", "b"]);
}
