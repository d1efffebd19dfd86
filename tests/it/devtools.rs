//! Trees of frames, asked for and streamed, from outside.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch, Socket};

use crate::support::{OPERATOR, READER, get, launch, refusal, scratch_with, start, wait_for};

/// Token that may look inside runs and nothing else.
const OBSERVER: &str = "observer-token";

fn scratch() -> Scratch {
    let mut scratch = scratch_with(&json!({
        OPERATOR: { "role": "operator", "scopes": ["*"], "userId": "user:op" },
        OBSERVER: { "role": "viewer", "scopes": ["observability:read"], "userId": "user:o" },
        READER: { "role": "viewer", "scopes": ["run:read"], "userId": "user:reader" },
    }));
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/rewind.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

async fn approve(gateway: &Gateway, node: &str) {
    let params = json!({ "runId": "r1", "nodeId": node, "approved": true });
    let decided = gateway.expect(OPERATOR, "submitApproval", params).await;
    decided.unwrap();
}

async fn open(socket: &mut Socket, params: Value) -> Value {
    socket.request("streamDevTools", params).await.unwrap()
}

/// The next event of a stream.
async fn next(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.next().await.unwrap();
        if frame["event"] == "devtools.event" {
            return frame["payload"]["event"].clone();
        }
    }
}

/// The events of a stream up to one that `is_last`, with the number of the frame that each tells of.
async fn until(socket: &mut Socket, is_last: impl Fn(&Value) -> bool) -> Vec<(u64, Value)> {
    let mut events = Vec::new();
    loop {
        let event = next(socket).await;
        let seq = &event[event["kind"].as_str().unwrap()]["seq"];
        events.push((seq.as_u64().unwrap(), event.clone()));
        if is_last(&event) {
            return events;
        }
    }
}

/// Whether a change says that a task is in `state`.
fn says(event: &Value, node: &str, state: &str) -> bool {
    let told = |task: &Value| task["nodeId"] == node && task["state"] == state;
    let mut ops = event["delta"]["ops"].as_array().into_iter().flatten();
    ops.any(|op| told(&op["task"]))
}

#[tokio::test]
async fn a_stream_tells_each_frame_once_and_begins_anew_when_the_run_is_taken_back() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "asked", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let mut socket = gateway.connect(OBSERVER, None).await.unwrap();
    let answer = open(&mut socket, json!({ "runId": "r1" })).await;
    assert_eq!(
        (&answer["fromSeq"], &answer["afterSeq"]),
        (&Value::Null, &Value::Null)
    );
    let first = next(&mut socket).await;
    let root = &first["snapshot"]["root"];
    assert_eq!(
        (&first["kind"], &root["type"]),
        (&json!("snapshot"), &json!("workflow"))
    );
    assert_eq!(first["snapshot"]["runState"]["state"], "waiting-approval");
    let tasks = &root["children"][0]["children"];
    assert_eq!(tasks[0]["task"]["kind"], "approval", "{root}");
    assert_eq!(tasks[0]["task"]["state"], "waiting-approval", "{root}");
    assert_eq!(tasks[1]["task"]["kind"], "compute", "{root}");

    approve(&gateway, "first").await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let events = until(&mut socket, |event| says(event, "between", "finished")).await;
    let base = first["snapshot"]["seq"].as_u64().unwrap();
    let numbers: Vec<u64> = events.iter().map(|(seq, _)| *seq).collect();
    let due: Vec<u64> = (base + 1..).take(numbers.len()).collect();
    assert_eq!(numbers, due, "one event for each frame");
    assert!(events.iter().all(|(_, event)| event["kind"] == "delta"));

    let back = json!({ "runId": "r1", "frameNo": 1, "confirm": true });
    gateway.expect(OPERATOR, "rewindRun", back).await.unwrap();
    let anew = until(&mut socket, |event| event["kind"] == "snapshot").await;
    assert!(
        anew.last().unwrap().0 <= *numbers.last().unwrap(),
        "{anew:?}"
    );
    gateway.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_comes_again_is_told_the_tree_and_what_came_after_it() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "loop", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let params = json!({ "runId": "r1" });
    let newest = gateway
        .expect(OBSERVER, "getDevToolsSnapshot", params)
        .await;
    let newest = newest.unwrap();
    let rest = get(&gateway, Some(OBSERVER), "/v1/api/runs/r1/tree?frameNo=1").await;
    let rest: Value = serde_json::from_slice(&rest.body).unwrap();
    assert_eq!(rest["data"]["frameNo"], 1, "{rest}");
    let (number, root) = (newest["seq"].as_u64().unwrap(), &newest["root"]);
    assert!(number > 4, "{newest}");
    let mut socket = gateway.connect(OBSERVER, None).await.unwrap();
    let params = json!({ "runId": "r1", "afterSeq": number - 1 });
    let answer = open(&mut socket, params).await;
    assert_eq!(answer["afterSeq"], number - 1);
    let snapshot = next(&mut socket).await;
    assert_eq!(snapshot["snapshot"]["seq"], number);
    assert_eq!(snapshot["snapshot"]["root"], *root);
    // Nothing more comes of a run at rest.
    let params = json!({ "runId": "r1" });
    let again = socket.request("getDevToolsSnapshot", params).await.unwrap();
    assert_eq!(again["root"], *root);
    let told = |frame: &Value| frame["event"] == "devtools.event";
    assert!(!socket.take_arrived().iter().any(told));
    gateway.stop().await.unwrap();
}

#[tokio::test]
async fn who_may_not_look_and_what_is_not_there_is_refused() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "asked", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let params = json!({ "runId": "r1", "frameNo": -1 });
    let refused = refusal(&gateway, OBSERVER, "getDevToolsSnapshot", params).await;
    assert_eq!(refused.code, "FrameOutOfRange");
    let params = json!({ "runId": "r1" });
    let refused = refusal(&gateway, READER, "getDevToolsSnapshot", params).await;
    assert_eq!(refused.code, "FORBIDDEN");
    gateway.stop().await.unwrap();
}
