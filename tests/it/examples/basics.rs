//! Examples of tasks and their order.

use serde_json::{Value, json};

use super::{Example, result_of};

#[tokio::test]
async fn hello_greets() {
    let example = Example::serve("hello").await;
    for (input, greeting) in [
        (json!({}), "Hello, world!"),
        (json!({ "name": "Ada" }), "Hello, Ada!"),
    ] {
        let run = example.launch(input).await;
        run.finishes().await;
        assert_eq!(run.output("greet").await["greeting"], greeting);
    }
}

#[tokio::test]
async fn compute_reads_what_the_task_before_it_stored() {
    let input = json!({ "text": "a durable  workflow" });
    let measured = result_of("compute", input, "measure").await;
    assert_eq!(measured, json!({ "count": 3, "longest": "workflow" }));
}

#[tokio::test]
async fn fan_out_sums_what_its_tasks_stored() {
    let orders: Vec<Value> = (1..=10)
        .map(|n| json!({ "id": n.to_string(), "cents": n * 100 }))
        .collect();
    let total = result_of("fan-out", json!({ "orders": orders }), "total").await;
    assert_eq!(total["invoices"], 10);
    let sum = total["total"].as_f64().unwrap();
    assert!((sum - 55.0 * 1.19).abs() < 1e-9, "{sum}");
}

#[tokio::test]
async fn fan_out_of_nothing_is_nothing() {
    let total = result_of("fan-out", json!({ "orders": [] }), "total").await;
    assert_eq!(total, json!({ "invoices": 0, "total": 0 }));
}

#[tokio::test]
async fn skip_leaves_out_what_a_dry_run_must_not_do() {
    let example = Example::serve("skip").await;
    for (dry, steps) in [
        (true, json!(["planned"])),
        (false, json!(["planned", "applied"])),
    ] {
        let run = example.launch(json!({ "dryRun": dry })).await;
        run.finishes().await;
        assert_eq!(run.output("report").await["steps"], steps);
    }
}

#[tokio::test]
async fn branch_takes_one_side_only() {
    let example = Example::serve("branch").await;
    for (rate, taken, other) in [(500, "page", "log"), (5, "log", "page")] {
        let run = example.launch(json!({ "errorsPerMinute": rate })).await;
        run.finishes().await;
        assert!(run.output(taken).await["action"].is_string());
        assert_eq!(run.state_of(other).await, None, "{other}");
    }
}

#[tokio::test]
async fn dynamic_plan_runs_a_task_for_each_step_in_order() {
    let example = Example::serve("dynamic-plan").await;
    let run = example.launch(json!({ "from": "2.4", "to": "5.0" })).await;
    run.finishes().await;
    let did = json!(["migrate to 3.0", "migrate to 4.0", "migrate to 5.0"]);
    assert_eq!(run.output("log").await["log"], did);
    let nothing = example.launch(json!({ "from": "5.1", "to": "5.2" })).await;
    nothing.finishes().await;
    assert_eq!(nothing.output("log").await["log"], json!([]));
}

#[tokio::test]
async fn deps_wait_for_rows_wherever_their_tasks_are() {
    let receipt = result_of("deps", json!({ "net": 10, "country": "FR" }), "receipt").await;
    assert_eq!(receipt["line"], "12.00 EUR including 20 % VAT");
}

#[tokio::test]
async fn limits_start_the_urgent_first_and_one_photo_after_the_other() {
    let photos = json!([{ "name": "a" }, { "name": "b", "urgent": true }, { "name": "c" }]);
    let result = result_of("limits", json!({ "photos": photos }), "order").await;
    let order = result["order"].as_array().unwrap();
    assert_eq!(order[0], "fetch b");
    // The others of one moment may end in any order.
    let expected = ["crop a", "tint a", "crop b", "tint b", "crop c", "tint c"];
    assert_eq!(order[3..], expected);
}

#[tokio::test]
async fn merge_queue_lets_one_through_at_a_time() {
    let input = json!({ "branches": ["one", "two", "three"] });
    let report = result_of("merge-queue", input, "report").await;
    let expected = json!({ "merged": ["one", "three", "two"], "neverTwoAtOnce": true });
    assert_eq!(report, expected);
}

#[tokio::test]
async fn components_are_expanded_with_their_context() {
    let example = Example::serve("components").await;
    let input = json!({ "services": ["api", "web"], "environment": "production" });
    let run = example.launch(input).await;
    run.finishes().await;
    assert_eq!(run.output("summary").await["steps"], 6);
    let step = json!({ "service": "web", "step": "push", "environment": "production" });
    assert_eq!(run.output("push-web").await, step);
}
