//! One gateway a database, and an ordered end after which runs go on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smithers_testkit::Gateway;

use crate::support::{OPERATOR, launch, run, scratch, start, wait_for};

/// How long an ordered end may take, with room for a busy machine.
const STOP: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_second_gateway_on_the_same_database_refuses_and_says_who_holds_it() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let ended = run(&scratch, &["gateway"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let holder = format!("process {}", gateway.process_id().unwrap());
    assert!(
        ended.stderr.contains(&holder),
        "no {holder} in:\n{}",
        ended.stderr
    );
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn a_terminated_gateway_ends_in_time_and_its_run_goes_on_with_the_same_numbers() {
    let mut scratch = scratch();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    let socket = gateway.connect(OPERATOR, None).await.unwrap();
    launch(&gateway, "slow", "r1", json!({})).await;
    let running =
        |frame: &Value| frame["event"] == "node.started" && frame["payload"]["nodeId"] == "work";
    socket.find("the start of the task", running).await.unwrap();
    let before = replay(&gateway, "r1", running_last).await;
    let asked = Instant::now();
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    assert!(asked.elapsed() < STOP, "took {:?}", asked.elapsed());
    let closed = socket.closed().await.unwrap();
    assert_eq!(closed.code, 1001, "{closed:?}");

    scratch.set("IT_WORK_MS", "0");
    let gateway = start(&scratch).await;
    wait_for(&gateway, "r1", "finished").await;
    let after = replay(&gateway, "r1", |event| event["event"] == "run.completed").await;
    assert_eq!(
        after[..before.len()],
        before,
        "what was told before is told again with the same numbers"
    );
    let numbers: Vec<u64> = after
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

fn running_last(event: &Value) -> bool {
    event["event"] == "node.started" && event["payload"]["nodeId"] == "work"
}

/// The events of a run from its first to the one that `is_last`.
async fn replay(gateway: &Gateway, run: &str, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut socket = gateway.connect(OPERATOR, Some(&[])).await.unwrap();
    let params = json!({ "runId": run, "afterSeq": 0 });
    socket.request("streamRunEvents", params).await.unwrap();
    let mut events = Vec::new();
    loop {
        let mut frame = socket.next().await.unwrap();
        if frame["event"] != "run.event" {
            continue;
        }
        let payload = frame["payload"].take();
        let event = json!({ "seq": payload["seq"], "event": payload["event"], "payload": payload["payload"] });
        let is_end = is_last(&event);
        events.push(event);
        if is_end {
            return events;
        }
    }
}
