//! When the newest frame stands for the next one: it rests on the rows it read, and on nothing that is not known.

use crate::driver::{Run, host, load_source, strict_host, wait};

const HEAD: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { Loop, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { useMemo, useReducer, useRef, useState } from "react";
import { existsSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number() }), other: z.object({ n: z.number() }) });
"#;

/// A workflow with tasks `a`, `b` and `x`, the latter in the other table. `look` is evaluated in each frame; its
/// value is shown. `before` stands in front of the workflow.
fn run_of(before: &str, look: &str) -> Run {
    let host = host();
    let source = format!(
        r#"{HEAD}{before}
const Look = ({{ ctx }}) => String({look});
export default smithers((ctx) => (
  <Workflow name="w">
    <Look ctx={{ctx}} />
    <Task id="a" output={{outputs.out}}>{{() => ({{ n: 1 }})}}</Task>
    <Task id="b" output={{outputs.out}}>{{{{ n: 2 }}}}</Task>
    <Task id="x" output={{outputs.other}}>{{{{ n: 3 }}}}</Task>
  </Workflow>
));"#
    );
    let workflow = load_source(&host, &source);
    Run::start(&workflow, "r1", "{}").keep(host)
}

/// Whether the frame stands after task `id` has its row.
fn stands_after(run: &mut Run, id: &str) -> bool {
    run.add(id, r#"{"n":7}"#);
    run.stands()
}

#[test]
fn a_frame_that_reads_nothing_stands_whatever_is_stored() {
    let mut run = run_of("", "1");
    assert!(stands_after(&mut run, "a"));
    assert!(stands_after(&mut run, "x"));
    assert!(run.stands());
}

#[test]
fn a_row_that_was_read_or_missed_ends_the_frame_and_no_other_does() {
    let node = [
        r#"ctx.outputMaybe(outputs.out, { nodeId: "a" })?.n"#,
        r#"ctx.outputMaybe("out", { nodeId: "a", iteration: 3 })?.n"#,
        r#"ctx.latest(outputs.out, "a")?.n"#,
        r#"ctx.iterationCount(outputs.out, "a")"#,
        r#"ctx.outputRows(outputs.out, { nodeId: "a" }).length"#,
    ];
    for look in node {
        let mut run = run_of("", look);
        assert!(stands_after(&mut run, "b"), "{look}");
        assert!(stands_after(&mut run, "x"), "{look}");
        assert!(!stands_after(&mut run, "a"), "{look}");
    }
    let table = [
        "ctx.outputs.out.length",
        r#"ctx.outputs("out").length"#,
        "ctx.outputRows(outputs.out).length",
    ];
    for look in table {
        let mut run = run_of("", look);
        assert!(stands_after(&mut run, "x"), "{look}");
        assert!(!stands_after(&mut run, "a"), "{look}");
        assert!(!stands_after(&mut run, "b"), "{look}");
    }
}

#[test]
fn deps_are_reads() {
    let host = host();
    let source = format!(
        r#"{HEAD}
export default smithers(() => (
  <Workflow name="w">
    <Task id="a" output={{outputs.out}}>{{{{ n: 1 }}}}</Task>
    <Task id="x" output={{outputs.other}}>{{{{ n: 1 }}}}</Task>
    <Task id="b" output={{outputs.out}} deps={{{{ a: outputs.out }}}}>{{({{ a }}) => a}}</Task>
  </Workflow>
));"#
    );
    let mut run = Run::start(&load_source(&host, &source), "r1", "{}").keep(host);
    assert_eq!(run.tasks(), ["a", "x"]);
    assert!(stands_after(&mut run, "x"));
    assert!(!stands_after(&mut run, "a"));
    assert_eq!(run.tasks(), ["a", "x", "b"]);
}

#[test]
fn another_pass_of_a_loop_ends_the_frame() {
    let mut run = run_of("", "1");
    assert!(run.stands());
    run.passes.insert("loop".into(), 1);
    assert!(!run.stands());
    assert!(run.stands());
}

#[test]
fn rows_that_came_while_a_frame_stood_are_there_when_the_next_one_is_rendered() {
    let mut run = run_of(
        "",
        r#"ctx.outputMaybe(outputs.out, { nodeId: "a" }) && ctx.outputs.other.length"#,
    );
    assert!(stands_after(&mut run, "x"));
    assert!(!stands_after(&mut run, "a"));
    let shown = run
        .tree
        .elements()
        .iter()
        .map(|element| format!("{:?}", element.kind));
    assert!(shown.into_iter().any(|kind| kind == r#"Text("1")"#));
}

#[test]
fn what_differs_from_one_moment_to_the_next_ends_the_frame() {
    let impure = [
        "Date.now() > 0",
        "new Date().getTime() > 0",
        "Date().length",
        "Reflect.construct(Date.prototype.constructor, []).getTime() > 0",
        "Math.random() < 2",
        "crypto.randomUUID().length",
        "randomUUID().length",
        r#"existsSync(".")"#,
        "useState(0)[0]",
        "useReducer((n) => n, 0)[0]",
        "useRef(0).current",
        r#"console.log("seen")"#,
        "clearTimeout(setTimeout(() => {}, 100000))",
        "(Promise.resolve().then(() => 1), 1)",
        "(queueMicrotask(() => {}), 1)",
    ];
    for look in impure {
        let mut run = run_of("", look);
        assert!(!run.stands(), "{look}");
        assert!(!run.stands(), "{look}");
    }
    let pure = [
        "new Date(0).getTime()",
        "new Date(2020, 1, 1) instanceof Date",
        "Math.max(1, 2)",
        "useMemo(() => 1, [])",
        "JSON.stringify(process.env)",
    ];
    for look in pure {
        assert!(run_of("", look).stands(), "{look}");
    }
}

#[test]
fn a_module_that_may_keep_state_is_always_rendered() {
    for (before, look) in [
        ("let n = 0;", "n++"),
        ("const seen = [];", "seen.push(1)"),
        ("const seen = new Set();", "seen.add(ctx).size"),
        ("", "(globalThis.n = 1)"),
    ] {
        assert!(!run_of(before, look).stands(), "{before} {look}");
    }
}

/// A workflow whose tasks `a` and `late` tell what they see of `b`, the latter after a while. Its task `spin` costs the
/// runtime.
fn seeing() -> Run {
    let host = strict_host();
    let source = format!(
        r#"{HEAD}
const wait = () => new Promise((done) => setTimeout(done, 1));
export default smithers((ctx) => {{
  const seen = () => ({{ n: ctx.outputMaybe(outputs.out, {{ nodeId: "b" }})?.n ?? 0 }});
  return (
    <Workflow name="w">
      <Task id="a" output={{outputs.other}}>{{seen}}</Task>
      <Task id="late" output={{outputs.other}}>{{async () => {{ await wait(); return seen(); }}}}</Task>
      <Task id="spin" output={{outputs.other}}>{{async () => {{ for (;;) await null; }}}}</Task>
      <Task id="b" output={{outputs.out}}>{{{{ n: 2 }}}}</Task>
    </Workflow>
  );
}});"#
    );
    Run::start(&load_source(&host, &source), "r1", "{}").keep(host)
}

fn seen_by(run: &mut Run, id: &str) -> String {
    wait(run.call(id)).unwrap().as_str().to_owned()
}

#[test]
fn a_function_sees_the_rows_of_the_frame_that_its_own_stands_for() {
    let mut run = seeing();
    assert_eq!(seen_by(&mut run, "a"), r#"{"n":0}"#);
    run.add("b", r#"{"n":7}"#);
    assert!(run.stands_for_calls());
    assert_eq!(seen_by(&mut run, "a"), r#"{"n":7}"#);
}

#[test]
fn a_function_of_a_frame_that_stands_without_calls_sees_what_it_saw() {
    let mut run = seeing();
    assert!(stands_after(&mut run, "b"));
    assert_eq!(seen_by(&mut run, "a"), r#"{"n":0}"#);
}

#[test]
fn a_function_under_way_sees_no_rows_come() {
    let mut run = seeing();
    let late = run.call("late");
    run.add("b", r#"{"n":7}"#);
    assert!(!run.stands_for_calls(), "it would see the row");
    // What was rendered instead has functions of its own, which are free to see more.
    run.add("a", r#"{"n":7}"#);
    assert!(run.stands_for_calls());
    assert_eq!(seen_by(&mut run, "a"), r#"{"n":7}"#);
    assert_eq!(wait(late).unwrap().as_str(), r#"{"n":0}"#);
    let later = run.call("late");
    assert_eq!(wait(later).unwrap().as_str(), r#"{"n":7}"#);
    assert!(run.stands_for_calls());
}

#[test]
fn a_function_in_a_runtime_that_took_the_place_of_a_lost_one_sees_all_rows() {
    let mut run = seeing();
    run.add("b", r#"{"n":7}"#);
    assert!(run.stands_for_calls());
    wait(run.call("spin")).unwrap_err();
    assert_eq!(seen_by(&mut run, "a"), r#"{"n":7}"#);
    assert!(!run.stands(), "the frame went with its runtime");
    assert!(run.stands());
}

#[test]
fn code_that_cannot_change_anything_ends_no_frame() {
    let mut run = run_of("", "1");
    wait(run.call("a")).unwrap();
    assert!(run.stands(), "a body ran");
}
