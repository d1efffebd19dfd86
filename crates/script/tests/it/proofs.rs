//! Proofs of rows, what tasks are bound to, and limits around tasks.

use serde_json::json;
use smithers_model::RawJson;
use smithers_model::aspect::{AspectLimit, OnExceeded};
use smithers_model::proof::{Binding, digest};

use crate::driver::{Run, host, load_source};
use crate::rules::frame;

/// A workflow whose second task is bound to the row of the first.
const BOUND: &str = r#"
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
const { smithers, outputs } = createSmithers({ out: z.object({ n: z.number(), t: z.string().optional() }) });
export default smithers((ctx) => (
  <Workflow name="w">
    <Task id="plan" output={outputs.out}>{() => ({ n: 1 })}</Task>
    <Task id="ship" output={outputs.out} bind={ctx.prove(outputs.out, "plan")}>{() => ({ n: 2 })}</Task>
    {ctx.boundStale("ship") ? "held" : "free"}
    {ctx.prove("out", { nodeId: "plan", iteration: 1 }) === undefined ? "none" : "one"}
  </Workflow>
));
"#;

fn bind(run: &Run, id: &str) -> Binding {
    let bind = run.task(id).bind.as_deref();
    bind.cloned().expect("it is bound")
}

#[test]
fn a_proof_names_the_row_and_the_digest_of_what_is_stored() {
    let host = host();
    let workflow = load_source(&host, BOUND);
    let mut run = Run::start(&workflow, "r", "{}");
    assert_eq!(bind(&run, "ship"), Binding::default());
    let stored = r#"{"t":"ä\n","n":1.50}"#;
    run.store("plan", stored);
    run.render().unwrap();
    let bound = bind(&run, "ship");
    assert!(bound.complete);
    let proof = &bound.proofs[0];
    assert_eq!(
        (&*proof.table, proof.node_id.as_str(), proof.iteration),
        ("out", "plan", 0)
    );
    assert_eq!(proof.digest, digest(&RawJson::trusted(stored.to_owned())));
    assert!(run.task("plan").bind.is_none());
}

#[test]
fn a_workflow_is_told_that_a_task_is_held_and_its_frames_do_not_stand() {
    let host = host();
    let workflow = load_source(&host, BOUND);
    let mut run = Run::start(&workflow, "r", "{}");
    assert!(run.tree.content().xml.contains(r#""free""#));
    assert!(run.tree.content().xml.contains(r#""none""#));
    run.stale = vec!["ship".into()];
    assert!(!run.stands());
    assert!(run.tree.content().xml.contains(r#""held""#));
    run.stale.clear();
    run.render().unwrap();
    assert!(run.tree.content().xml.contains(r#""free""#));
}

#[test]
fn a_list_is_complete_when_every_row_is_there() {
    let given = "{table: 'out', nodeId: 'x', iteration: 2, digest: 'ab'.repeat(32)}";
    for (list, proofs, complete) in [
        (format!("[{given}, {given}]"), 2, true),
        (format!("[{given}, undefined]"), 1, false),
        ("[]".to_owned(), 0, false),
        ("null".to_owned(), 0, false),
    ] {
        let task =
            format!("<Task id='a' output={{outputs.out}} bind={{{list}}}>{{{{n: 1}}}}</Task>");
        let bound = bind(&frame(&task).unwrap(), "a");
        assert_eq!(
            (bound.proofs.len(), bound.complete),
            (proofs, complete),
            "{list}"
        );
    }
    let approval = format!("<Approval id='a' output={{outputs.decision}} bind={{{given}}}/>");
    assert!(bind(&frame(&approval).unwrap(), "a").complete);
}

#[test]
fn what_no_proof_can_be_is_refused() {
    for wrong in [
        "'plan'",
        "{table: 'out', nodeId: 'x', iteration: 0, digest: 'short'}",
        "{table: 'out', nodeId: 'x', iteration: -1, digest: 'ab'.repeat(32)}",
        "{table: 'out', nodeId: 'x'.repeat(2000), iteration: 0, digest: 'ab'.repeat(32)}",
        "Array(65).fill(null)",
    ] {
        let task =
            format!("<Task id='a' output={{outputs.out}} bind={{{wrong}}}>{{{{n: 1}}}}</Task>");
        let error = frame(&task).err().expect(wrong);
        assert!(
            error.has_code("INVALID_INPUT"),
            "{wrong}: {}",
            error.message
        );
    }
}

const TASK: &str = "<Task id='a' output={outputs.out}>{{n: 1}}</Task>";

#[test]
fn the_innermost_word_about_a_limit_counts_and_others_stay() {
    let inner =
        format!("<s.Aspects latencySlo={{{{maxMs: 5, onExceeded: 'warn'}}}}>{TASK}</s.Aspects>");
    let outer = "tokenBudget={{max: 10.2, onExceeded: 'skip-remaining'}} latencySlo={{maxMs: 1}} tracking={{cost: true}}";
    let beside = TASK.replace("'a'", "'b'");
    let run = frame(&format!(
        "<s.Aspects {outer}><Parallel>{inner}{beside}</Parallel></s.Aspects>"
    ))
    .unwrap();
    let limit = |max, on_exceeded| Some(AspectLimit { max, on_exceeded });
    let (a, b) = (
        run.task("a").aspects.unwrap(),
        run.task("b").aspects.unwrap(),
    );
    assert_eq!(a.token_budget, limit(11, OnExceeded::SkipRemaining));
    assert_eq!(a.latency_slo, limit(5, OnExceeded::Warn));
    assert_eq!(b.token_budget, a.token_budget);
    assert_eq!(b.latency_slo, limit(1, OnExceeded::Fail));
    assert!(frame(TASK).unwrap().task("a").aspects.is_none());
    let unlimited = frame(&format!("<s.Aspects>{TASK}</s.Aspects>")).unwrap();
    assert!(unlimited.task("a").aspects.is_none());
    let shown: serde_json::Value = serde_json::from_str(&run.tree.content().xml).unwrap();
    assert_eq!(
        shown["children"][0]["children"][0]["tag"],
        json!("smithers:parallel")
    );
}

#[test]
fn limits_that_mean_nothing_are_refused() {
    for wrong in [
        "tokenBudget={{}}",
        "tokenBudget={{max: -1}}",
        "tokenBudget={{max: 1, onExceeded: 'stop'}}",
        "latencySlo={{maxMs: 'x'}}",
        "latencySlo={{maxMs: 1, onExceeded: 'skip-remaining'}}",
    ] {
        let error = frame(&format!("<s.Aspects {wrong}>{TASK}</s.Aspects>"))
            .err()
            .expect(wrong);
        assert!(
            error.has_code("INVALID_INPUT"),
            "{wrong}: {}",
            error.message
        );
    }
}

#[test]
fn what_undoes_and_cleans_up_knows_only_limits_of_its_own() {
    let task = |id: &str| format!("<Task id='{id}' output={{outputs.out}}>{{{{n: 1}}}}</Task>");
    let own = format!(
        "<s.Aspects tokenBudget={{{{max: 2}}}}>{}</s.Aspects>",
        task("own")
    );
    let (act, undo, tried, caught, last) = (
        task("act"),
        task("undo"),
        task("tried"),
        task("caught"),
        task("last"),
    );
    let run = frame(&format!(
        "<s.Aspects tokenBudget={{{{max: 1}}}}><Parallel>\
         <s.Saga id='s' steps={{[{{id: 'one', action: {act}, compensation: {undo}}}]}}/>\
         <s.TryCatchFinally id='t' try={{{tried}}} catch={{{caught}}} finally={{<Parallel>{last}{own}</Parallel>}}/>\
         </Parallel></s.Aspects>"
    ))
    .unwrap();
    let max = |id: &str| {
        let aspects = run.task(id).aspects;
        aspects
            .and_then(|aspects| aspects.token_budget)
            .map(|limit| limit.max)
    };
    for (id, expected) in [
        ("act", Some(1)),
        ("undo", None),
        ("tried", Some(1)),
        ("caught", Some(1)),
        ("last", None),
        ("own", Some(2)),
    ] {
        assert_eq!(max(id), expected, "{id}");
    }
}
