//! Random trees: what the host reads by itself is what the components say, and a frame does not depend on those before.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use smithers_model::error::ErrorInfo;
use smithers_model::tree::{Kind, Node, TaskBody, Tree};
use smithers_model::workflow::Workflow;

use crate::driver::{Run, host, load_source, wait};

/// Builds the tree that the input describes for each pass. With `general` each element has a property that says
/// nothing, so that it is left to its component.
const MODULE: &str = r#"/** @jsxImportSource smithers-orchestrator */
import { Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { createContext, useContext, useMemo } from "react";
import { z } from "zod";
const row = z.object({ n: z.number() });
const { smithers, outputs } = createSmithers({ out: row, other: row.describe("other"), step: row.describe("step") });
const SILENT = {};
const GENERAL = { label: undefined };
const Depth = createContext(0);
const Named = ({ children }) => children;
const Counted = ({ ctx, shapes, off, tag }) => {
  const depth = useContext(Depth);
  const first = useMemo(() => tag, [tag]);
  return <Depth.Provider value={depth + 1}>{`${first}${depth}`}{shapes.map((shape) => build(ctx, shape, off))}</Depth.Provider>;
};
const Reads = ({ ctx, id, table, from, n, off }) => {
  const row = ctx.outputMaybe(outputs[table], { nodeId: from });
  return <><Task id={id} output={outputs.out} {...off}>{{ n: row?.n ?? n }}</Task>{`${row?.n}`}</>;
};
const Lists = ({ ctx, table, of, off }) => <Sequence {...off}>{`${ctx.outputs[table].length}`}{of.map((shape) => build(ctx, shape, off))}</Sequence>;
const bodies = (n) => ({ fixed: { n }, wrong: { n: "no" }, nested: { n, more: { n } }, called: () => ({ n }) });
function build(ctx, shape, off) {
  const { is, key, of = [] } = shape;
  const inner = () => of.map((shape) => build(ctx, shape, off));
  switch (is) {
    case "task":
      return <Task key={key} {...off} id={shape.id} output={outputs[shape.table]}>{bodies(shape.n)[shape.body]}</Task>;
    case "labelled":
      return <Task key={key} id={shape.id} output={outputs.out} label={shape.body}>{bodies(shape.n)[shape.body]}</Task>;
    case "sequence":
      return <Sequence key={key} {...off}>{inner()}</Sequence>;
    case "parallel":
      return <Parallel key={key} {...off}>{inner()}</Parallel>;
    case "narrow":
      return <Parallel key={key} maxConcurrency={2} priority={shape.n}>{inner()}</Parallel>;
    case "fragment":
      return <>{inner()}</>;
    case "tag":
      return <section key={key} mark="m">{inner()}</section>;
    case "named":
      return <Named key={key}>{inner()}</Named>;
    case "counted":
      return <Counted key={key} ctx={ctx} tag={shape.id} shapes={of} off={off} />;
    case "reads":
      return <Reads key={key} ctx={ctx} id={shape.id} table={shape.table} from={shape.from} n={shape.n} off={off} />;
    case "lists":
      return <Lists key={key} ctx={ctx} table="out" of={of} off={off} />;
    case "list":
      return inner();
    case "set":
      return new Set(inner());
    default:
      return { text: shape.id, number: shape.n, nothing: null, no: false }[is];
  }
}
export default smithers((ctx) => {
  const frame = ctx.input.frames[ctx.input.order[ctx.outputs.step.length]];
  return <Workflow name="shapes">{frame.map((shape) => build(ctx, shape, ctx.input.general ? GENERAL : SILENT))}</Workflow>;
});"#;

fn shape() -> impl Strategy<Value = Value> {
    let leaf = (
        prop::sample::select(vec![
            "task", "task", "reads", "reads", "labelled", "text", "number", "nothing", "no",
        ]),
        prop::sample::select(vec!["fixed", "called", "wrong", "nested"]),
        "[a-z]{1,2}",
        0..4_i32,
        prop::option::weighted(0.3, "[k-m]"),
        prop::sample::select(vec!["out", "other"]),
        "[a-c]",
    );
    let leaf = leaf.prop_map(|(is, body, id, n, key, table, from)| {
        json!({ "is": is, "body": body, "id": id, "n": n, "key": key, "table": table, "from": from })
    });
    leaf.prop_recursive(4, 24, 5, |inner| {
        let kinds = vec![
            "sequence", "parallel", "narrow", "fragment", "tag", "named", "counted", "lists",
            "list", "set",
        ];
        let key = prop::option::weighted(0.3, "[k-m]");
        (
            prop::sample::select(kinds),
            prop::collection::vec(inner, 0..5),
            key,
            0..3_i32,
        )
            .prop_map(
                |(is, of, key, n)| json!({ "is": is, "of": of, "key": key, "n": n, "id": "c" }),
            )
    })
}

/// Frames of which later ones are like earlier ones, but for some places.
fn frames() -> impl Strategy<Value = Vec<Value>> {
    let frame = || prop::collection::vec(shape(), 0..5);
    (frame(), frame(), 0..5_usize).prop_map(|(one, other, cut)| {
        let mut mixed = one.clone();
        mixed.truncate(cut);
        mixed.extend(other.iter().skip(cut).cloned());
        [one.clone(), mixed, other, one].map(Value::from).into()
    })
}

/// Which of the frames is rendered in which step.
const ORDER: [usize; 8] = [0, 0, 1, 1, 0, 2, 2, 3];

/// A run of `frames`; `general` leaves all elements to their components.
fn open(workflow: &Arc<dyn Workflow>, frames: &[Value], general: bool) -> Run {
    let input = json!({ "frames": frames, "order": ORDER, "general": general });
    Run::open(workflow, "shapes", &input.to_string())
}

/// A row: its table, its task and its number.
type Row = (String, String, i32);

/// Renders the next frame after `rows` were stored.
fn frame(run: &mut Run, rows: &[Row]) -> Result<Tree, ErrorInfo> {
    for (table, id, n) in rows {
        run.give(table, id, &json!({ "n": n }).to_string());
    }
    let rendered = run.render();
    rendered.map(|()| run.tree.clone())
}

/// What a tree says, without the numbers of callbacks and where an error comes from.
fn said(tree: &Tree) -> Vec<(usize, String)> {
    let text = |index: usize, node: &Node| {
        let mut kind = node.kind.clone();
        if let Kind::Task(task) = &mut kind {
            match &mut task.body {
                TaskBody::Compute(callback) => *callback = 0,
                TaskBody::Static(Some(Err(error))) => error.stack = None,
                _ => {}
            }
        }
        (
            tree.end_of(index),
            format!("{kind:?} {} {:?}", node.tag, node.props),
        )
    };
    let elements = tree.elements().iter().enumerate();
    elements
        .map(|(index, element)| text(index, element))
        .collect()
}

fn outcome(rendered: &Result<Tree, ErrorInfo>) -> Result<Vec<(usize, String)>, String> {
    match rendered {
        Ok(tree) => Ok(said(tree)),
        Err(error) => Err(error.message.clone()),
    }
}

/// Ids of the tasks with functions.
fn called(tree: &Tree) -> Vec<String> {
    let tasks = tree
        .tasks()
        .filter(|task| matches!(task.body, TaskBody::Compute(_)));
    tasks.map(|task| task.node.node_id.to_string()).collect()
}

fn rows() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let table = prop::sample::select(vec!["out".to_owned(), "other".to_owned()]);
    let row = (table, "[a-c]", 5..9_i32);
    prop::collection::vec(prop::collection::vec(row, 0..3), ORDER.len())
}

/// Takes the rows of tasks that have one already out of `rows`.
fn first_of_each(mut rows: Vec<Vec<Row>>) -> Vec<Vec<Row>> {
    let mut known = HashSet::new();
    for (step, rows) in rows.iter_mut().enumerate() {
        rows.retain(|(table, id, _)| known.insert((table.clone(), id.clone())));
        if step > 0 {
            rows.push(("step".into(), format!("step{step}"), 0));
        }
    }
    rows
}

#[test]
fn what_is_read_by_the_host_is_what_components_say_and_no_frame_depends_on_those_before() {
    let host = host();
    let workflow = load_source(&host, MODULE);
    proptest!(ProptestConfig::with_cases(96), |(frames in frames(), rows in rows())| {
        let rows = first_of_each(rows);
        let mut read = open(&workflow, &frames, false);
        let mut made = open(&workflow, &frames, true);
        for step in 0..ORDER.len() {
            let [one, other] = [&mut read, &mut made].map(|run| frame(run, &rows[step]));
            prop_assert_eq!(outcome(&one), outcome(&other));
            let mut fresh = open(&workflow, &frames, false);
            prop_assert_eq!(outcome(&one), outcome(&frame(&mut fresh, &rows[..=step].concat())));
            for id in one.iter().flat_map(called) {
                let given = [&mut read, &mut made].map(|run| wait(run.call(&id)).unwrap());
                prop_assert_eq!(&given[0], &given[1]);
            }
        }
    });
}
