//! Examples of people who decide.

use serde_json::json;

use super::{Example, LEGAL};
use crate::support::OPERATOR;

#[tokio::test]
async fn approval_pays_or_does_not() {
    let example = Example::serve("approval").await;
    for (approved, note) in [(true, "fine"), (false, "too much")] {
        let run = example.launch(json!({ "amount": 120 })).await;
        run.decide("release", json!({ "approved": approved, "note": note }))
            .await;
        run.finishes().await;
        let paid = json!({ "paid": approved, "note": note });
        assert_eq!(run.output("pay").await, paid);
    }
}

#[tokio::test]
async fn approval_deny_ends_the_run_before_anything_is_deleted() {
    let example = Example::serve("approval-deny").await;
    let run = example.launch(json!({})).await;
    run.decide("sure", json!({ "approved": false })).await;
    run.ends("failed").await;
    assert!(run.output("delete").await.is_null());
    let run = example.launch(json!({})).await;
    run.decide("sure", json!({ "approved": true })).await;
    run.finishes().await;
    assert_eq!(run.output("delete").await["deleted"], "index-2023");
}

#[tokio::test]
async fn approval_select_deploys_where_somebody_said() {
    let example = Example::serve("approval-select").await;
    let run = example.launch(json!({})).await;
    let unknown = json!({ "approved": true, "decision": { "selected": "mars" } });
    let refused = run.refuses(OPERATOR, "region", unknown).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let choice = json!({ "approved": true, "decision": { "selected": "us" } });
    run.decide("region", choice).await;
    run.finishes().await;
    assert_eq!(run.output("deploy").await["deployedTo"], "us");
}

#[tokio::test]
async fn approval_rank_fixes_in_the_order_that_somebody_said() {
    let example = Example::serve("approval-rank").await;
    let run = example.launch(json!({})).await;
    let order = json!(["slow", "crash", "typo"]);
    let ranking = json!({ "approved": true, "decision": { "ranked": order } });
    run.decide("order", ranking).await;
    run.finishes().await;
    assert_eq!(run.output("report").await["fixed"], order);
}

#[tokio::test]
async fn approval_gate_asks_only_about_large_changes() {
    let example = Example::serve("approval-gate").await;
    let small = example.launch(json!({ "changedLines": 12 })).await;
    small.finishes().await;
    assert_eq!(
        small.output("merge").await["mergedBy"],
        "nobody had to look"
    );
    let large = example.launch(json!({ "changedLines": 1200 })).await;
    large.decide("review", json!({ "approved": true })).await;
    large.finishes().await;
    assert_eq!(large.output("merge").await["mergedBy"], "user:op");
}

#[tokio::test]
async fn gated_task_runs_after_permission() {
    let example = Example::serve("gated-task").await;
    let run = example.launch(json!({})).await;
    run.asks("migrate").await;
    assert!(run.output("migrate").await.is_null());
    run.decide("migrate", json!({ "approved": true })).await;
    run.finishes().await;
    assert_eq!(run.output("migrate").await["migrated"], true);
}

#[tokio::test]
async fn approval_restricted_listens_to_the_named_user_only() {
    let example = Example::serve("approval-restricted").await;
    let run = example.launch(json!({})).await;
    let refused = run
        .refuses(OPERATOR, "legal", json!({ "approved": true }))
        .await;
    assert_eq!(refused.status, 403, "{refused:?}");
    run.decide_as(LEGAL, "legal", json!({ "approved": true }))
        .await;
    run.finishes().await;
    assert_eq!(run.output("sign").await["decidedBy"], "user:legal");
}

#[tokio::test]
async fn async_approval_holds_up_only_what_depends_on_it() {
    let example = Example::serve("async-approval").await;
    let run = example.launch(json!({})).await;
    run.asks("announce").await;
    run.reaches("build", "finished").await;
    assert!(run.output("post").await.is_null());
    run.decide("announce", json!({ "approved": true })).await;
    run.finishes().await;
    assert_eq!(run.output("post").await["done"], "announced");
}

#[tokio::test]
async fn demo_ships_what_was_approved() {
    let example = Example::serve("demo").await;
    let run = example.launch(json!({ "version": "2.0.0" })).await;
    run.decide("approve", json!({ "approved": true })).await;
    run.finishes().await;
    assert_eq!(run.output("ship").await["shipped"], "app-2.0.0.tar.gz");
}

#[tokio::test]
async fn a_signed_plan_is_applied_as_it_was_signed_or_after_somebody_says_so() {
    let example = Example::serve("signed-plan").await;
    let run = example.launch(json!({})).await;
    run.decide("sign", json!({ "approved": true })).await;
    run.finishes().await;
    assert_eq!(run.output("apply").await["applied"], 1);
    let run = example.launch(json!({})).await;
    run.asks("sign").await;
    let retry =
        |node: &str| json!({ "runId": run.run_id, "nodeId": node, "resetDependents": false });
    let gateway = &example.gateway;
    let again = gateway.expect(OPERATOR, "retryTask", retry("plan")).await;
    assert_eq!(again.unwrap()["resetNodes"], json!(["plan"]));
    run.reaches("plan", "finished").await;
    run.decide("sign", json!({ "approved": true })).await;
    run.reaches("apply", "bound-stale").await;
    let which = json!({ "runId": run.run_id });
    let held = gateway.expect(OPERATOR, "getRun", which).await.unwrap();
    let why = held["errorJson"].as_str().unwrap_or_default();
    assert!(why.contains("BOUND_STALE"), "{held}");
    let blocked = &held["runState"]["blocked"]["kind"];
    assert_eq!(*blocked, "external-trigger", "{held}");
    let again = gateway.expect(OPERATOR, "retryTask", retry("apply")).await;
    assert_eq!(again.unwrap()["resetNodes"], json!(["apply"]));
    run.finishes().await;
    assert_eq!(run.output("apply").await["applied"], 3);
}
