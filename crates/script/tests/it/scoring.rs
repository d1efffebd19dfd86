//! Scorers of tasks: what a module says of them, and what they say of results.

use serde_json::{Value, json};
use smithers_model::error::ErrorInfo;
use smithers_model::score::Judgement;
use smithers_model::workflow::CallError;

use crate::driver::{Run, host, load_source, wait};

fn module(task: &str) -> String {
    format!(
        r#"import {{ Task, Workflow, createSmithers }} from "smithers-orchestrator";
import {{ createScorer, latencyScorer, schemaAdherenceScorer }} from "smithers-orchestrator/scorers";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{ r: z.object({{ v: z.string() }}) }});
const agent = {{ id: "writer", generate: async ({{ prompt }}) => ({{ output: {{ v: prompt.slice(0, 2) }} }}) }};
const echo = createScorer({{ id: "echo", name: "Echo", score: (given) => ({{ score: 0.5, reason: "seen", meta: given }}) }});
export default smithers(() => <Workflow name="w">{task}</Workflow>);"#
    )
}

fn opened(task: &str) -> Run {
    let host = host();
    let workflow = load_source(&host, &module(task));
    Run::open(&workflow, "r1", "{}").keep(host)
}

/// What scorer `k` of task `a` says, which ends well.
fn judged(task: &str) -> Result<Judgement, CallError> {
    let mut run = opened(task);
    run.render().unwrap();
    wait(run.call("a")).unwrap();
    run.score("a", "k")
}

fn failure(task: &str) -> ErrorInfo {
    match judged(task) {
        Err(CallError::Failed { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}

fn refused(task: &str) -> String {
    let error = opened(task).render().unwrap_err();
    assert!(error.has_code("INVALID_INPUT"), "{error:?}");
    error.message
}

#[test]
fn a_scorer_is_told_what_there_is_to_know() {
    let task = r#"<Task id="a" output={outputs.r} groundTruth="yes" context={["c"]} scorers={{ k: { scorer: echo } }}>{() => ({ v: "x" })}</Task>"#;
    let judgement = judged(task).unwrap();
    assert_eq!(judgement.score.get(), 0.5);
    assert_eq!(judgement.reason.as_deref(), Some("seen"));
    let told = judgement.meta.unwrap().value();
    assert_eq!(told["output"], json!({ "v": "x" }));
    assert_eq!(
        (&told["groundTruth"], &told["context"], &told["latencyMs"]),
        (&json!("yes"), &json!(["c"]), &json!(120))
    );
    assert!(told["outputSchema"].is_object());
    assert_eq!(told["input"], Value::Null);
    let kept = [judgement.output, judgement.ground_truth, judgement.context];
    let kept = kept.map(|value| value.unwrap().value());
    assert_eq!(kept, [json!({ "v": "x" }), json!("yes"), json!(["c"])]);
}

#[test]
fn the_input_is_the_prompt_of_an_agent_or_the_value_of_a_task_without_a_function() {
    let input = |task: &str| judged(task).unwrap().input.unwrap().value();
    let asked = input(
        r#"<Task id="a" output={outputs.r} agent={agent} scorers={{ k: { scorer: echo } }}>Say it</Task>"#,
    );
    assert!(asked.as_str().unwrap().starts_with("Say it"), "{asked}");
    let value = input(
        r#"<Task id="a" output={outputs.r} scorers={{ k: { scorer: echo } }}>{{ v: "x" }}</Task>"#,
    );
    assert_eq!(value, json!({ "v": "x" }));
}

#[test]
fn every_scorer_has_its_turn_whatever_is_rendered_meanwhile() {
    let task = r#"<Task id="a" output={outputs.r} scorers={{ k: { scorer: echo }, fast: { scorer: latencyScorer({ targetMs: 100, maxMs: 300 }) }, fits: { scorer: schemaAdherenceScorer() } }}>{() => ({ v: "x" })}</Task>"#;
    let mut run = opened(task);
    run.render().unwrap();
    wait(run.call("a")).unwrap();
    assert_eq!(run.score("a", "fast").unwrap().score.get(), 0.9);
    run.render().unwrap();
    assert_eq!(run.score("a", "fits").unwrap().score.get(), 1.0);
    assert_eq!(run.score("a", "k").unwrap().score.get(), 0.5);
    let CallError::Failed { error, .. } = run.score("a", "k").unwrap_err() else {
        panic!("it is asked once");
    };
    assert!(error.message.contains("nothing was kept"), "{error:?}");
}

#[test]
fn a_scorer_that_throws_or_says_no_number_says_why() {
    let of = |score: &str| {
        failure(&format!(
            r#"<Task id="a" output={{outputs.r}} scorers={{{{ k: {{ scorer: {{ id: "s", score: {score} }} }} }}}}>{{() => ({{ v: "x" }})}}</Task>"#
        ))
    };
    assert_eq!(
        of("() => { throw new Error('no idea') }").message,
        "no idea"
    );
    assert!(
        of("async () => ({ score: 7 })")
            .message
            .contains("no number from 0 to 1: 7")
    );
    assert!(of("() => null").message.contains("no number from 0 to 1"));
    let error = of("() => ({ score: 1, meta: 10n })");
    assert!(error.message.contains("BigInt"), "{error:?}");
}

#[test]
fn sampling_is_a_share_of_the_results() {
    let share = |sampling: &str| {
        let task = format!(
            r#"<Task id="a" output={{outputs.r}} scorers={{{{ k: {{ scorer: echo, sampling: {sampling} }} }}}}>{{() => ({{ v: "x" }})}}</Task>"#
        );
        let mut run = opened(&task);
        run.render().unwrap();
        let [scorer] = &run.task("a").scorers[..] else {
            panic!("one scorer");
        };
        assert_eq!((scorer.id.as_str(), scorer.name.as_str()), ("echo", "Echo"));
        scorer.per_million
    };
    assert_eq!(share("undefined"), 1_000_000);
    assert_eq!(share("{ type: 'all' }"), 1_000_000);
    assert_eq!(share("{ type: 'ratio', rate: 0.25 }"), 250_000);
    assert_eq!(share("{ type: 'none' }"), 0);
}

#[test]
fn scorers_that_are_none_are_refused_with_what_they_should_be() {
    let of = |scorers: &str| {
        refused(&format!(
            r#"<Task id="a" output={{outputs.r}} scorers={{{scorers}}}>{{() => ({{ v: "x" }})}}</Task>"#
        ))
    };
    assert!(of("[echo]").contains("an object of { scorer, sampling } by name"));
    assert!(of("{ k: echo }").contains(r#""k" needs a `scorer`"#));
    assert!(of("{ k: { scorer: { score: () => 1 } } }").contains("with an `id`"));
    assert!(
        of("{ k: { scorer: echo, sampling: { type: 'some' } } }")
            .contains(r#""all", "ratio" or "none""#)
    );
    assert!(
        of("{ k: { scorer: echo, sampling: { type: 'ratio', rate: 2 } } }").contains("from 0 to 1")
    );
    let many =
        "Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, { scorer: echo }]))";
    assert!(of(many).contains("33, more than 32"));
}
