//! Examples of loops.

use serde_json::json;

use super::{Example, result_of};

#[tokio::test]
async fn loop_goes_on_until_the_guess_is_good_enough() {
    let answer = result_of("loop", json!({ "of": 2 }), "answer").await;
    let root = answer["root"].as_f64().unwrap();
    assert!((root - std::f64::consts::SQRT_2).abs() < 1e-6, "{answer}");
    assert_eq!(answer["rounds"], 4);
}

#[tokio::test]
async fn loop_limit_goes_on_with_the_last_result_or_fails() {
    let example = Example::serve("loop-limit").await;
    let early = example.launch(json!({ "readyAfter": 1 })).await;
    early.finishes().await;
    let report = json!({ "ready": true, "probes": 2 });
    assert_eq!(early.output("report").await, report);
    let never = example.launch(json!({ "readyAfter": 99 })).await;
    never.finishes().await;
    let report = json!({ "ready": false, "probes": 3 });
    assert_eq!(never.output("report").await, report);
    let strict = example
        .launch(json!({ "readyAfter": 99, "strict": true }))
        .await;
    let error = strict.fails().await;
    assert!(error.contains("RALPH_MAX_REACHED"), "{error}");
    assert_eq!(strict.state_of("report").await.as_deref(), Some("pending"));
}

#[tokio::test]
async fn nested_loops_write_every_section_of_every_chapter() {
    let input = json!({ "chapters": 2, "sections": 3 });
    let contents = result_of("nested-loops", input, "contents").await;
    let titles = json!(["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]);
    assert_eq!(contents["titles"], titles);
}
