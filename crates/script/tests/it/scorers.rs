//! Scorers, called from a task.

use serde_json::{Value, json};

use crate::driver::{Run, host, load_source, wait};
use smithers_model::error::ErrorInfo;
use smithers_model::workflow::CallError;

/// What `expression` gives, a promise of a score; `judge(score)` makes an agent that judges so and tells its question.
fn score(expression: &str) -> Result<Value, ErrorInfo> {
    let source = format!(
        r#"
import {{ Task, Workflow, createSmithers }} from "smithers-orchestrator";
import * as s from "smithers-orchestrator/scorers";
import {{ z }} from "zod";
const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ score: z.number(), reason: z.string().nullable(), meta: z.any() }}) }});
const schema = z.object({{ n: z.number() }});
const judge = (score) => ({{ supportsNativeStructuredOutput: true, generate: async ({{ prompt }}) => ({{ output: {{ score, reason: prompt }} }}) }});
export default smithers(() => <Workflow name="w"><Task id="t" output={{outputs.out}}>{{() => {expression}}}</Task></Workflow>);
"#
    );
    let host = host();
    let workflow = load_source(&host, &source);
    let mut run = Run::open(&workflow, "r1", "{}").keep(host);
    run.render().unwrap();
    match wait(run.call("t")) {
        Ok(row) => Ok(row.value()),
        Err(CallError::Failed { error, .. }) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn an_output_that_fits_its_schema_scores_one() {
    let call = "s.schemaAdherenceScorer().score({ output: { n: 1 }, outputSchema: schema })";
    assert_eq!(score(call).unwrap()["score"], 1);
    let call = "s.schemaAdherenceScorer().score({ output: { n: 'x' }, outputSchema: schema })";
    let row = score(call).unwrap();
    assert_eq!(row["score"], 0);
    let reason = row["reason"].as_str().unwrap();
    assert!(reason.starts_with("n: "), "{reason}");
}

#[test]
fn latency_falls_from_the_target_to_the_most() {
    for (latency, expected) in [(50, 1.0), (100, 1.0), (200, 0.5), (300, 0.0), (900, 0.0)] {
        let scorer = "s.latencyScorer({ targetMs: 100, maxMs: 300 })";
        let row = score(&format!("{scorer}.score({{ latencyMs: {latency} }})")).unwrap();
        assert_eq!(row["score"].as_f64(), Some(expected), "{latency}");
    }
}

#[test]
fn a_judge_is_told_what_is_known_and_its_score_is_taken() {
    let call = "s.llmJudge({ judge: judge(0.25), instructions: 'Judge the tone.' }).score({ input: 'hi', output: { n: 1 }, groundTruth: null })";
    let row = score(call).unwrap();
    assert_eq!(row["score"], 0.25);
    let prompt = row["reason"].as_str().unwrap();
    for part in ["Judge the tone.", "Input:\nhi", "\"n\": 1"] {
        assert!(prompt.contains(part), "{part} is not in {prompt}");
    }
    assert!(!prompt.contains("should have been"), "{prompt}");
    for scorer in ["relevancyScorer", "toxicityScorer", "faithfulnessScorer"] {
        let row = score(&format!("s.{scorer}(judge(1)).score({{ output: 'x' }})")).unwrap();
        assert_eq!(row["score"], 1, "{scorer}");
    }
}

#[test]
fn a_scorer_of_ones_own_gives_a_number_or_more() {
    let own = |result: &str| {
        score(&format!(
            "s.createScorer({{ id: 'own', score: async () => ({result}) }}).score({{}})"
        ))
    };
    let row = own("0.5").unwrap();
    assert_eq!(row, json!({ "score": 0.5, "reason": null, "meta": null }));
    let row = own("{ score: 1, reason: 'why', meta: { a: 1 } }").unwrap();
    assert_eq!(row["meta"], json!({ "a": 1 }));
}

#[test]
fn what_is_no_score_fails() {
    for call in [
        "s.createScorer({ id: 'own', score: () => 2 }).score({})",
        "s.createScorer({ id: 'own', score: () => { throw new Error('no'); } }).score({})",
        "s.schemaAdherenceScorer().score({ output: 1 })",
        "s.latencyScorer().score({})",
        "s.llmJudge().score({})",
        "s.relevancyScorer(judge(7)).score({ output: 'x' })",
    ] {
        let error = score(call).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("SCORER_FAILED"), "{call}");
    }
}
