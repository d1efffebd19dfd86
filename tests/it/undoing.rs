//! Compensations of a cancelled run, over the death of the process.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, launch, scratch, start, until_true, wait_for};

/// Serves the booking; the refund of the hotel takes `work_ms`.
fn booking(work_ms: &str) -> Scratch {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/undoing.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("IT_WORK_MS", work_ms);
    scratch
}

async fn ask(gateway: &Gateway, method: &str) -> Value {
    let params = json!({ "runId": "r1" });
    gateway.expect(OPERATOR, method, params).await.unwrap()
}

/// The state of a node; null while the run does not know it.
async fn state_of(gateway: &Gateway, node: &str) -> Value {
    let mut rows = ask(gateway, "listNodeStates").await;
    let mut rows = rows.as_array_mut().unwrap().iter_mut();
    let row = rows.find(|row| row["nodeId"] == node);
    row.map_or(Value::Null, |row| row["state"].take())
}

/// A run that is being undone: the refund of the hotel is under way.
async fn undoing(gateway: &Gateway) {
    launch(gateway, "booking", "r1", json!({})).await;
    until_true("the travel to begin", || async {
        state_of(gateway, "travel").await == "in-progress"
    })
    .await;
    let answer = ask(gateway, "cancelRun").await;
    assert_eq!(answer["status"], "cancelling", "{answer}");
    until_true("the refund to begin", || async {
        state_of(gateway, "undo-hotel").await == "in-progress"
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_run_goes_on_undoing_after_the_process_was_killed() {
    let mut scratch = booking("60000");
    let gateway = start(&scratch).await;
    undoing(&gateway).await;
    let run = ask(&gateway, "getRun").await;
    assert_eq!(run["status"], "running", "{run}");
    gateway.kill9().await.unwrap();
    scratch.set("IT_WORK_MS", "0");
    let gateway = start(&scratch).await;
    wait_for(&gateway, "r1", "cancelled").await;
    for node in ["undo-hotel", "undo-flight"] {
        assert_eq!(state_of(&gateway, node).await, "finished");
    }
    assert_eq!(state_of(&gateway, "travel").await, "cancelled");
}

#[tokio::test]
async fn a_second_cancel_ends_the_run_at_once_and_says_what_is_left() {
    let scratch = booking("60000");
    let gateway = start(&scratch).await;
    undoing(&gateway).await;
    let answer = ask(&gateway, "cancelRun").await;
    assert_eq!(answer["status"], "cancelled", "{answer}");
    let run = ask(&gateway, "getRun").await;
    assert_eq!(run["status"], "cancelled");
    let error = run["errorJson"].as_str().unwrap();
    assert!(error.contains("COMPENSATION_INCOMPLETE"), "{error}");
    assert!(error.contains("undo-hotel::0"), "{error}");
    let third = ask(&gateway, "cancelRun").await;
    assert_eq!(third["status"], "already-terminal");
}
