//! Examples of things that go wrong.

use serde_json::json;

use super::{Example, OPERATOR, result_of};

#[tokio::test]
async fn retries_go_on_until_the_service_answers_or_none_is_left() {
    let example = Example::serve("retries").await;
    let run = example.launch(json!({ "failures": 2 })).await;
    run.finishes().await;
    assert_eq!(run.output("call").await["attempts"], 3);
    let run = example.launch(json!({ "failures": 9 })).await;
    run.ends("failed").await;
    assert_eq!(run.attempts_of("call").await, 4);
}

#[tokio::test]
async fn timeout_goes_on_with_the_list_price() {
    let example = Example::serve("timeout").await;
    let slow = example.launch(json!({ "takesMs": 60_000 })).await;
    slow.finishes().await;
    let list = json!({ "cents": 999, "source": "list" });
    assert_eq!(slow.output("price").await, list);
    let quick = example.launch(json!({ "takesMs": 1 })).await;
    quick.finishes().await;
    let quote = json!({ "cents": 750, "source": "quote" });
    assert_eq!(quick.output("price").await, quote);
}

#[tokio::test]
async fn continue_on_fail_reports_who_answered() {
    let example = Example::serve("continue-on-fail").await;
    let hosts = json!({ "hosts": ["b.example", "down.invalid", "a.example"] });
    let run = example.launch(hosts).await;
    let record = run.finishes().await;
    assert_eq!(record["summary"]["failed"], 1, "{record}");
    let reachable = json!(["a.example", "b.example"]);
    assert_eq!(run.output("report").await["reachable"], reachable);
}

#[tokio::test]
async fn quarantine_skips_what_depends_on_the_failure_and_nothing_else() {
    let example = Example::serve("quarantine").await;
    let run = example.launch(json!({ "broken": "web" })).await;
    run.finishes().await;
    assert_eq!(run.state_of("build-web").await.as_deref(), Some("failed"));
    assert_eq!(run.state_of("deploy-web").await.as_deref(), Some("skipped"));
    assert_eq!(
        run.output("report").await["deployed"],
        json!(["api", "worker"])
    );
}

#[tokio::test]
async fn a_saga_refunds_what_was_booked_before_the_step_that_fails() {
    let example = Example::serve("saga").await;
    let run = example.launch(json!({ "soldOut": "car" })).await;
    run.finishes().await;
    let report = json!({ "booked": [], "refunded": ["hotel", "flight"] });
    assert_eq!(run.output("report").await, report);
}

#[tokio::test]
async fn a_saga_refunds_everything_when_its_run_is_cancelled() {
    let example = Example::serve("saga").await;
    let run = example.launch(json!({ "soldOut": "nothing" })).await;
    run.asks("confirm").await;
    let cancel = json!({ "runId": run.run_id });
    let answer = example.gateway.expect(OPERATOR, "cancelRun", cancel).await;
    assert_eq!(answer.unwrap()["won"], true);
    run.ends("cancelled").await;
    for what in ["flight", "hotel", "car"] {
        let refund = run.output(&format!("refund-{what}")).await;
        assert_eq!(refund["what"], what);
    }
}

#[tokio::test]
async fn a_try_block_rolls_back_what_takes_too_long_and_opens_the_door_in_any_case() {
    let example = Example::serve("try-catch").await;
    let run = example.launch(json!({ "outcome": "slow" })).await;
    run.finishes().await;
    assert_eq!(run.output("roll-back").await["did"], "roll-back");
    assert_eq!(run.output("open-the-door").await["did"], "open-the-door");
    let run = example.launch(json!({ "outcome": "broken" })).await;
    run.ends("failed").await;
    assert_eq!(run.state_of("roll-back").await.as_deref(), Some("pending"));
    assert_eq!(run.output("open-the-door").await["did"], "open-the-door");
}

#[tokio::test]
async fn progress_goes_on_where_the_last_heartbeat_was() {
    let crawled = result_of("progress", json!({}), "crawl").await;
    assert_eq!(crawled, json!({ "pages": 5, "resumedAt": 2 }));
}
