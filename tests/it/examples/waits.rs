//! Examples of runs that wait for time and for what comes from outside.

use serde_json::json;

use super::Example;
use crate::support::OPERATOR;

#[tokio::test]
async fn timer_reminds_at_its_time_and_prepares_meanwhile() {
    let example = Example::serve("timer").await;
    let run = example.launch(json!({ "wait": "1s" })).await;
    run.reaches("prepare", "finished").await;
    assert_eq!(run.state_of("wait").await.as_deref(), Some("waiting-timer"));
    run.finishes().await;
    assert_eq!(run.output("remind").await["text"], "the time is over");
    assert_eq!(run.state_of("long-ago").await.as_deref(), Some("finished"));
}

#[tokio::test]
async fn signal_answers_what_somebody_says_and_refuses_what_does_not_fit() {
    let example = Example::serve("signal").await;
    let run = example.launch(json!({})).await;
    run.reaches("feedback", "waiting-event").await;
    let kept = run.signal(json!({ "signalName": "other" })).await;
    assert_eq!(kept["seq"], 0, "nobody waits for it, and it is kept");
    run.signal(json!({ "signalName": "feedback", "data": { "rating": 5 } }))
        .await;
    run.finishes().await;
    assert_eq!(run.output("answer").await["answer"], "published");
    let kept = run.signal(json!({ "signalName": "feedback" })).await;
    assert_eq!(kept["seq"], 2, "a run that has ended keeps what comes too");

    let run = example.launch(json!({})).await;
    run.signal(json!({ "signalName": "feedback", "data": { "rating": 9 } }))
        .await;
    let error = run.fails().await;
    assert!(error.contains("INVALID_OUTPUT"), "{error}");
}

#[tokio::test]
async fn subflow_sums_up_what_was_decided_in_runs_of_their_own() {
    let example = Example::serve("subflow").await;
    let run = example.launch(json!({})).await;
    for (index, approved) in [(0, true), (1, false)] {
        let review = format!("review-{index}");
        run.reaches(&review, "waiting-approval").await;
        let child = run.child(&review);
        child
            .decide("decide", json!({ "approved": approved }))
            .await;
    }
    run.finishes().await;
    let output = run.output("sum-up").await;
    assert_eq!(output["approved"], json!(["a contract"]));
}

#[tokio::test]
async fn chain_counts_on_from_run_to_run() {
    let example = Example::serve("chain").await;
    let run = example.launch(json!({ "ordersPerRun": 2 })).await;
    for cents in [100, 200, 300, 400] {
        run.signal(json!({ "signalName": "order", "payload": { "cents": cents } }))
            .await;
    }
    run.ends("continued").await;
    let second = run.next(2);
    second.ends("continued").await;
    run.next(3).reaches("order-0", "waiting-event").await;
    let totals = second.output("totals").await;
    assert_eq!(totals, json!({ "orders": 4, "cents": 1000 }));
}

#[tokio::test]
async fn webhook_launches_for_an_order_and_hears_of_its_payment() {
    let example = Example::serve("webhook").await;
    let order = json!({ "order": { "id": "o1", "cents": 1250 } });
    let launched = example.post("d1", &order).await;
    let run = example.run(launched["started"]["runId"].as_str().unwrap());
    run.reaches("payment", "waiting-event").await;
    let payment = json!({ "order": { "id": "o1" }, "payment": { "cents": 1250 } });
    for _ in 0..2 {
        let told = example.post("d2", &payment).await;
        assert_eq!(told["matchedRunIds"], json!([run.run_id]), "{told}");
    }
    run.finishes().await;
    let receipt = run.output("receipt").await;
    assert_eq!(receipt, json!({ "order": "o1", "paid": true }));
}

#[tokio::test]
async fn wait_for_event_hears_its_own_deployment_or_goes_on_without() {
    let example = Example::serve("wait-for-event").await;
    let run = example.launch(json!({ "environment": "prod" })).await;
    run.reaches("deployed", "waiting-event").await;
    for (environment, sha) in [("test", "111"), ("prod", "222")] {
        run.signal(json!({ "signalName": "deploy.done", "correlationId": environment, "payload": { "sha": sha } }))
            .await;
    }
    run.finishes().await;
    assert_eq!(run.output("report").await["report"], "222 is there");

    let impatient = json!({ "environment": "prod", "patienceMs": 50 });
    let run = example.launch(impatient).await;
    run.finishes().await;
    let report = run.output("report").await;
    assert_eq!(report["report"], "nobody said that it is there");
}

#[tokio::test]
async fn schedule_asks_for_weekdays_at_eight_in_berlin_and_its_report_needs_no_input() {
    let example = Example::serve("schedule").await;
    let listed = example.gateway.expect(OPERATOR, "cronList", json!({}));
    let row = listed.await.unwrap()[0].clone();
    assert_eq!(
        (&row["cronId"], &row["pattern"], &row["timeZone"]),
        (
            &json!("gateway:schedule"),
            &json!("0 8 * * 1-5"),
            &json!("Europe/Berlin")
        )
    );
    let run = example.launch(json!({})).await;
    run.finishes().await;
    assert_eq!(run.output("write").await["text"], "7 orders in 1 day(s)");
}

#[tokio::test]
async fn human_task_takes_the_answer_that_fits() {
    let example = Example::serve("human-task").await;
    let run = example.launch(json!({})).await;
    let too_high = json!({ "approved": true, "note": r#"{"verdict":"ship","score":9}"# });
    let refused = run.refuses(OPERATOR, "review", too_high).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.message.contains("`score`"), "{refused:?}");
    let good = json!({ "approved": true, "note": r#"{"verdict":"ship","score":4}"# });
    run.decide("review", good).await;
    run.finishes().await;
    assert_eq!(run.output("ship").await["shipped"], true);
}
