//! Examples of agents and their prompts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Example, OPERATOR, result_of, until_true};

#[tokio::test]
async fn agent_puts_its_answer_right_and_the_ticket_is_routed() {
    let input = json!({ "ticket": "I was charged twice, please fix it today" });
    let routed = result_of("agent", input, "route").await;
    assert_eq!(routed["queue"], "billing-now");
}

#[tokio::test]
async fn agent_fallback_asks_the_next_one() {
    let example = Example::serve("agent-fallback").await;
    let run = example
        .launch(json!({ "text": "runs go on after a crash" }))
        .await;
    run.finishes().await;
    let summary = json!({ "summary": "runs go on after...", "by": "small-model" });
    assert_eq!(run.output("summary").await, summary);
    assert_eq!(run.attempts_of("summary").await, 2);
}

#[tokio::test]
async fn mdx_prompts_become_the_text_that_the_agent_gets() {
    let example = Example::serve("mdx-prompts").await;
    let input = json!({ "title": "the cache", "files": ["a.ts", "b.ts"], "strict": true });
    let run = example.launch(input).await;
    run.finishes().await;
    let expected = "# Review of the cache\n\n\
        You review **one** change. Read these files:\n\n\
        - a.ts\n- b.ts\n\
        How strict: refuse it when there is any doubt.\n\n\
        Answer with:\n\n\
        1. what is wrong\n2. what to do about it\n\n\
        Use `git diff` to see the change.";
    assert_eq!(run.output("review").await["prompt"], expected);
}

#[tokio::test]
async fn review_loop_ends_when_the_reviewer_is_content() {
    let input = json!({ "topic": "durability" });
    let published = result_of("review-loop", input, "publish").await;
    let expected = json!({ "text": "durable workflows remember every step", "rounds": 3 });
    assert_eq!(published, expected);
}

#[tokio::test]
async fn a_budget_leaves_out_what_has_not_begun_when_it_is_used_up() {
    let example = Example::serve("budget").await;
    let files = ["a.rs", "b.rs", "c.rs"];
    for (tokens, reviewed) in [(2_000, 2), (2_001, 3), (0, 0)] {
        let run = example
            .launch(json!({ "files": files, "tokens": tokens }))
            .await;
        run.finishes().await;
        let report = run.output("report").await;
        assert_eq!(report["reviewed"], json!(files[..reviewed]), "{tokens}");
        let last = if reviewed == 3 { "finished" } else { "skipped" };
        assert_eq!(run.state_of("review-2").await.as_deref(), Some(last));
    }
}

#[tokio::test]
async fn answers_are_scored_beside_the_run() {
    let example = Example::serve("scores").await;
    let questions = json!([
        { "text": "What is the capital of France?", "answer": "Paris" },
        { "text": "What is the answer?", "answer": "42" },
    ]);
    let run = example.launch(json!({ "questions": questions })).await;
    run.finishes().await;
    let params = json!({ "runIds": [run.run_id], "scorerId": "exact" });
    let scored = || async {
        let answer = example
            .gateway
            .expect(OPERATOR, "listScoresForRuns", params.clone());
        let answer = answer.await.unwrap();
        let rows = answer["rows"].as_array().unwrap();
        let score = |row: &Value| (row["nodeId"].to_string(), row["score"].to_string());
        rows.iter().map(score).collect::<BTreeMap<_, _>>()
    };
    until_true("the scores", || async { scored().await.len() == 2 }).await;
    let expected = [("\"answer-0\"", "1.0"), ("\"answer-1\"", "0.0")];
    assert_eq!(
        scored().await,
        expected
            .map(|(node, score)| (node.into(), score.into()))
            .into()
    );
}
