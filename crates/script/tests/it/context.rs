//! `ctx` and component state over the frames of a run.

use serde_json::json;
use smithers_model::tree::Kind;

use crate::driver::{Run, host, load_source};

/// Text nodes in document order.
fn texts(run: &Run) -> Vec<&str> {
    let elements = run.tree.elements().iter();
    elements
        .filter_map(|element| match &element.kind {
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn shown(run: &Run) -> serde_json::Value {
    serde_json::from_str(texts(run)[0]).unwrap()
}

const READS: &str = r#"
import { Task, Workflow, createSmithers, useCtx } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number(), list: z.array(z.number()).optional() }) });
let first;
const Show = () => {
  const ctx = useCtx();
  first ??= ctx;
  const frozen = ctx.outputs.out.every((row) => Object.isFrozen(row) && Object.isFrozen(row.list ?? row));
  return JSON.stringify({
    run: ctx.runId, input: ctx.input, auth: ctx.auth, iteration: ctx.iteration,
    maybe: ctx.outputMaybe(outputs.out, { nodeId: "a" }) ?? null,
    latest: ctx.latest("out", "a") ?? null,
    count: ctx.iterationCount(outputs.out, "a"),
    all: ctx.outputs("out"), same: ctx.outputs.out.length === ctx.outputs(outputs.out).length,
    rows: ctx.outputRows(outputs.out).map((row) => [row.nodeId, row.seq, row.payload.n]),
    list: ctx.latestArray("[1,\"x\",2]", z.number()),
    firstSees: first.outputs.out.length, frozen,
  });
};
export default smithers((ctx) => (
  <Workflow name="w">
    <Show/>
    <Task id="a" output={outputs.out}>{() => ({ n: 1, list: [1] })}</Task>
    <Task id="b" output={outputs.out}>{{ n: 2 }}</Task>
  </Workflow>
));
"#;

#[test]
fn rows_are_read_by_table_node_and_order_and_a_frame_never_changes() {
    let host = host();
    let workflow = load_source(&host, READS);
    let mut run = Run::start(&workflow, "r1", r#"{"topic": "x"}"#);
    let empty = shown(&run);
    assert_eq!(
        (&empty["run"], &empty["input"], &empty["auth"]),
        (&json!("r1"), &json!({"topic": "x"}), &json!(null))
    );
    assert_eq!(
        (&empty["maybe"], &empty["latest"], &empty["count"]),
        (&json!(null), &json!(null), &json!(0))
    );
    run.finish("b");
    run.finish("a");
    let full = shown(&run);
    assert_eq!(full["maybe"], json!({"n": 1, "list": [1]}));
    assert_eq!(full["latest"], full["maybe"]);
    assert_eq!(full["count"], 1);
    assert_eq!(
        full["all"][0],
        json!({"runId": "r1", "nodeId": "b", "iteration": 0, "n": 2})
    );
    assert_eq!(full["rows"], json!([["b", 0, 2], ["a", 1, 1]]));
    assert_eq!(full["list"], json!([1, 2]));
    assert_eq!(
        (&full["firstSees"], &full["frozen"], &full["same"]),
        (&json!(0), &json!(true), &json!(true))
    );
}

#[test]
fn two_runs_of_a_workflow_do_not_see_each_others_rows() {
    let host = host();
    let workflow = load_source(&host, READS);
    let mut one = Run::start(&workflow, "r1", "{}");
    let mut two = Run::start(&workflow, "r2", "{}");
    one.finish("a");
    two.render().unwrap();
    assert_eq!(shown(&one)["count"], 1);
    assert_eq!(shown(&two)["count"], 0);
}

#[test]
fn hooks_and_contexts_keep_their_state_from_frame_to_frame() {
    let source = r#"
import { Workflow, createSmithers } from "smithers-orchestrator";
import React, { Children, cloneElement, createContext, isValidElement, useContext, useMemo, useRef, useState } from "react";
const { smithers } = createSmithers({});
const Depth = createContext(0);
let made = 0;
const Counter = ({ name }) => {
  const renders = useRef(0);
  const [start] = useState(() => 10);
  const [settled, settle] = useState(false);
  if (!settled) settle(true);
  const memo = useMemo(() => ++made, [name]);
  renders.current += 1;
  return `${name}:${start + renders.current}:${memo}:${useContext(Depth)}`;
};
const Wrap = ({ children }) => <Depth.Provider value={Children.count(children)}>{children}</Depth.Provider>;
let frame = 0;
export default smithers(() => {
  frame += 1;
  const items = frame === 1 ? ["a", "b"] : ["b", "c"];
  const clone = cloneElement(<Counter name="x" key="x"/>, { name: "y" });
  return (
    <Workflow name="w">
      <Wrap>{items.map((name) => <Counter key={name} name={name}/>)}{frame === 2 && "now"}</Wrap>
      {isValidElement(clone) && clone}
      {React.createElement(React.Fragment, null, "p", "q")}
    </Workflow>
  );
});
"#;
    let host = host();
    let workflow = load_source(&host, source);
    let mut run = Run::start(&workflow, "r1", "{}");
    // Each first render runs twice: the state that it sets restarts it.
    assert_eq!(texts(&run), ["a:12:1:3", "b:12:2:3", "y:12:3:0", "p", "q"]);
    run.render().unwrap();
    assert_eq!(
        texts(&run),
        ["b:13:2:3", "c:12:4:3", "now", "y:13:3:0", "p", "q"]
    );
    let other = Run::start(&workflow, "r2", "{}");
    assert!(texts(&other)[0].starts_with("b:12:"), "{:?}", texts(&other));
}

#[test]
fn use_ctx_outside_a_render_is_refused() {
    let error = crate::driver::try_load_source(
        &host(),
        "import { useCtx } from 'smithers-orchestrator'; useCtx();",
    )
    .unwrap_err();
    assert!(
        error.message.starts_with("CONTEXT_OUTSIDE_WORKFLOW"),
        "{error}"
    );
}
