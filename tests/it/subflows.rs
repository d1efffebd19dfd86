//! Runs of subflows as clients see them: lists, what the parent waits for, signals, the end of both, deletion.

use serde_json::{Value, json};
use smithers_testkit::gateway::Gateway;

use crate::support::{OPERATOR, launch, refusal, scratch, start, wait_for};

const CHILD: &str = "r1:child:sub:0";

async fn ask(gateway: &Gateway, method: &str, params: Value) -> Value {
    gateway.expect(OPERATOR, method, params).await.unwrap()
}

/// A parent whose child waits for the signal `go`.
async fn waiting(gateway: &Gateway) {
    launch(gateway, "parent", "r1", json!({})).await;
    wait_for(gateway, "r1", "waiting-event").await;
    wait_for(gateway, CHILD, "waiting-event").await;
}

async fn children(gateway: &Gateway) -> Vec<String> {
    let filter = json!({ "filter": { "parentRunId": "r1" } });
    let rows = ask(gateway, "listRuns", filter).await;
    let ids = rows.as_array().unwrap().iter();
    ids.map(|row| row["runId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_parent_shows_its_children_and_what_they_wait_for() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    waiting(&gateway).await;
    assert_eq!(children(&gateway).await, [CHILD]);
    let child = ask(&gateway, "getRun", json!({ "runId": CHILD })).await;
    assert_eq!(child["parentRunId"], "r1");
    assert_eq!(child["runState"]["blocked"].get("childRunId"), None);
    let parent = ask(&gateway, "getRun", json!({ "runId": "r1" })).await;
    assert_eq!(
        parent["runState"]["blocked"],
        json!({ "kind": "event", "nodeId": "go", "correlationKey": "go", "childRunId": CHILD })
    );
    assert_eq!(
        parent["summary"],
        json!({ "waiting-event": 1, "pending": 1 })
    );
}

#[tokio::test]
async fn a_signal_to_the_parent_reaches_its_child_also_after_the_process_was_killed() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    waiting(&gateway).await;
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    let signal = json!({ "runId": "r1", "signalName": "go", "payload": { "n": 4 } });
    ask(&gateway, "submitSignal", signal).await;
    wait_for(&gateway, CHILD, "finished").await;
    wait_for(&gateway, "r1", "finished").await;
    let output = json!({ "runId": "r1", "nodeId": "sub", "iteration": 0 });
    let output = ask(&gateway, "getNodeOutput", output).await;
    assert_eq!(output["row"]["n"], 4, "{output}");
}

#[tokio::test]
async fn a_child_ends_and_goes_with_its_parent() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    waiting(&gateway).await;
    let family = ask(&gateway, "listRunDescendants", json!({ "runId": "r1" })).await;
    assert_eq!(
        family,
        json!([
            { "runId": "r1", "parentRunId": null, "depth": 0 },
            { "runId": CHILD, "parentRunId": "r1", "depth": 1 },
        ])
    );
    ask(&gateway, "cancelRun", json!({ "runId": "r1" })).await;
    wait_for(&gateway, CHILD, "cancelled").await;
    let alone = json!({ "runId": "r1", "confirm": true });
    let refused = refusal(&gateway, OPERATOR, "deleteRun", alone).await;
    assert_eq!(refused.code, "RUN_HAS_CHILDREN");
    let both = json!({ "runId": "r1", "withChildren": true, "confirm": true });
    ask(&gateway, "deleteRun", both).await;
    assert_eq!(children(&gateway).await, Vec::<String>::new());
    let gone = refusal(&gateway, OPERATOR, "getRun", json!({ "runId": CHILD })).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn a_child_is_done_again_with_its_parent_and_not_alone() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    waiting(&gateway).await;
    let alone = refusal(&gateway, OPERATOR, "runs.rerun", json!({ "runId": CHILD })).await;
    assert_eq!(alone.code, "INVALID_REQUEST");
    let answer = ask(&gateway, "runs.rerun", json!({ "runId": "r1" })).await;
    let again = answer["runId"].as_str().unwrap();
    wait_for(&gateway, again, "waiting-event").await;
    wait_for(&gateway, &format!("{again}:child:sub:0"), "waiting-event").await;
}
