//! What agents tell of their work: their events, and what their calls have used.

use serde_json::{Value, json};
use smithers_model::agent::{AgentReport, TokenUsage};

use crate::agents::{failure, run_of};
use crate::driver::{Run, wait};

const TASK: &str = "<Task id='a' output={outputs.out} agent={agent}>Count</Task>";

/// What the agent told, as values: usage as its members, events with their engine.
fn told(run: &Run) -> Vec<Value> {
    let shown = |report| match report {
        AgentReport::Event(told) => json!([told.engine, told.event.value()]),
        AgentReport::Tokens(usage) => json!(usage),
    };
    run.told().into_iter().map(shown).collect()
}

fn usage(model: &str, agent: &str, counts: [u64; 5]) -> Value {
    let [
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        reasoning_tokens,
    ] = counts;
    json!(TokenUsage {
        model: model.into(),
        agent: agent.into(),
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_write_tokens,
        reasoning_tokens,
    })
}

#[test]
fn a_call_tells_what_it_has_used_in_the_words_of_any_agent() {
    for (result, expected) in [
        (
            "usage: { inputTokens: 5, outputTokens: 2, cachedInputTokens: 3, reasoningTokens: 1 }, response: { modelId: 'm-1' }",
            usage("m-1", "said", [5, 2, 3, 0, 1]),
        ),
        (
            "totalUsage: { inputTokens: { total: 7, cacheRead: 4, cacheWrite: 2 }, outputTokens: { total: 3, reasoning: 1 } }, usage: { inputTokens: 1 }",
            usage("unknown", "said", [7, 3, 4, 2, 1]),
        ),
        (
            "usage: { input_tokens: 9, output_tokens: 8, cache_read_input_tokens: 7, cache_creation_input_tokens: 6 }",
            usage("unknown", "said", [9, 8, 7, 6, 0]),
        ),
        (
            "usage: { promptTokens: 4, completionTokens: NaN }",
            usage("unknown", "said", [4, 0, 0, 0, 0]),
        ),
    ] {
        let head = format!("const agent = said({{ output: {{ n: 1 }}, {result} }});");
        let mut run = run_of(&head, TASK);
        run.finish("a");
        assert_eq!(told(&run), [expected], "{result}");
    }
}

#[test]
fn a_call_that_counts_nothing_tells_nothing() {
    for result in [
        "usage: undefined",
        "usage: {}",
        "usage: { inputTokens: -1 }",
        "usage: 'much'",
    ] {
        let head = format!("const agent = said({{ output: {{ n: 1 }}, {result} }});");
        let mut run = run_of(&head, TASK);
        run.finish("a");
        assert_eq!(told(&run), [] as [Value; 0], "{result}");
    }
}

#[test]
fn each_call_of_an_attempt_counts_and_so_does_a_failed_one() {
    let mut run = run_of(
        "const used = (n) => ({ usage: { inputTokens: n, outputTokens: 1 } });
         const agent = { ...said({ text: 'no', ...used(1) }, { text: '{\"n\": 1}', ...used(2) }), model: { modelId: 'deep' } };
         const broken = { id: 'broken', generate() { throw Object.assign(new Error('cut off'), used(40)); } };",
        &format!("{TASK}<Task id='b' output={{outputs.out}} agent={{broken}}>Count</Task>"),
    );
    wait(run.attempt("a", 1)).unwrap();
    assert_eq!(
        told(&run),
        [
            usage("deep", "said", [1, 1, 0, 0, 0]),
            usage("deep", "said", [2, 1, 0, 0, 0])
        ]
    );
    failure(&mut run, "b", 1);
    assert_eq!(told(&run), [usage("unknown", "broken", [40, 1, 0, 0, 0])]);
}

#[test]
fn events_of_an_agent_are_told_in_order_and_with_what_it_runs_on() {
    let mut run = run_of(
        "const loop = {}; loop.self = loop;
         const agent = { id: 'coder', cliEngine: 'codex', async generate({ onEvent }) {
           onEvent({ type: 'started', title: 'begin' });
           onEvent({ type: 'completed', engine: 'other', ok: true });
           onEvent(loop); onEvent('text'); onEvent();
           return { output: { n: 1 } };
         } };",
        TASK,
    );
    run.finish("a");
    let expected = [
        json!(["codex", { "type": "started", "title": "begin" }]),
        json!(["other", { "type": "completed", "engine": "other", "ok": true }]),
    ];
    assert_eq!(told(&run), expected);
}
