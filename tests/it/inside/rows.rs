//! Frames, attempts and node states, over RPC, REST and the command line.

use serde_json::{Value, json};

use crate::support::{OPERATOR, Operator, READER, get, launch, refusal, scratch, start, wait_for};

#[tokio::test]
async fn frames_are_listed_newest_first_with_their_whole_trees() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let call = async |method: &str, params: Value| {
        let answer = gateway.call(READER, method, params).await.unwrap();
        answer.unwrap()
    };
    let frames = call("frames.list", json!({ "runId": "r1" })).await;
    let numbers: Vec<u64> = frames.as_array().unwrap().iter().map(number).collect();
    let newest = *numbers.first().unwrap();
    assert_eq!(numbers, (1..=newest).rev().collect::<Vec<_>>());

    let page = json!({ "runId": "r1", "afterFrameNo": 1, "limit": 1 });
    assert_eq!(call("frames.list", page).await, json!([frames[0]]));
    assert_eq!(
        call("frames.get", json!({ "runId": "r1" })).await,
        frames[0]
    );
    let first = call("frames.get", json!({ "runId": "r1", "frameNo": 1 })).await;
    assert_eq!(Some(&first), frames.as_array().unwrap().last());
    assert_eq!(
        (&first["note"], &first["encoding"]),
        (&Value::Null, &json!("keyframe"))
    );
    assert_eq!(frames[0]["note"], "stability-check");
    let tree: Value = serde_json::from_str(first["xmlJson"].as_str().unwrap()).unwrap();
    assert_eq!(tree["tag"], "smithers:workflow");
    let mounted = r#"["step-1::0","step-2::0","step-3::0"]"#;
    assert_eq!(first["mountedTaskIdsJson"], mounted);
}

fn number(frame: &Value) -> u64 {
    frame["frameNo"].as_u64().unwrap()
}

#[tokio::test]
async fn what_is_not_there_is_told_as_recorded() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let attempt = json!({ "runId": "r1", "nodeId": "step-1", "iteration": 0, "attempt": 9 });
    for (method, params, code, message) in [
        (
            "frames.list",
            json!({}),
            "INVALID_REQUEST",
            "runId is required",
        ),
        (
            "frames.list",
            json!({ "runId": "zz" }),
            "NOT_FOUND",
            "Run not found: zz",
        ),
        (
            "frames.get",
            json!({ "runId": "r1", "frameNo": 77 }),
            "NOT_FOUND",
            "Frame not found",
        ),
        (
            "frames.get",
            json!({ "runId": "r1", "frameNo": 0 }),
            "INVALID_INPUT",
            "frameNo must be a finite number greater than 0.",
        ),
        (
            "attempts.list",
            json!({ "runId": "zz" }),
            "NOT_FOUND",
            "Run not found: zz",
        ),
        ("attempts.get", attempt, "NOT_FOUND", "Attempt not found"),
        (
            "attempts.get",
            json!({ "runId": "r1", "nodeId": "step-1" }),
            "INVALID_REQUEST",
            "attempt is required",
        ),
    ] {
        let refused = refusal(&gateway, READER, method, params).await;
        assert_eq!(
            (&*refused.code, &*refused.message),
            (code, message),
            "{method}"
        );
    }
}

#[tokio::test]
async fn attempts_of_a_node_come_newest_first_and_without_places_in_files() {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/agents.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    let gateway = start(&scratch).await;
    launch(&gateway, "late", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let params = json!({ "runId": "r1", "nodeId": "ask" });
    let attempts = gateway
        .expect(OPERATOR, "attempts.list", params)
        .await
        .unwrap();
    let states: Vec<&Value> = attempts
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["state"])
        .collect();
    assert_eq!(states, ["finished", "failed"], "{attempts}");
    assert_eq!(attempts[0]["attempt"], 2);
    let error: Value = serde_json::from_str(attempts[1]["errorJson"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&error["code"], &error["stack"]),
        (&json!("TASK_TIMEOUT"), &Value::Null)
    );
    let params = json!({ "runId": "r1", "nodeId": "ask", "attempt": 1 });
    let first = gateway
        .expect(OPERATOR, "attempts.get", params)
        .await
        .unwrap();
    assert_eq!(first, attempts[1]);
    let all = gateway
        .expect(OPERATOR, "attempts.list", json!({ "runId": "r1" }))
        .await
        .unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn nodes_and_outputs_have_addresses_of_their_own() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let data = async |path: &str| get(&gateway, Some(READER), path).await.json().unwrap();
    let nodes = data("/v1/api/runs/r1/node-states").await;
    assert_eq!(nodes["data"].as_array().unwrap().len(), 3, "{nodes}");
    for path in [
        "/v1/api/runs/r1/nodes/step-2/output",
        "/v1/api/nodes/r1/step-2/output?iteration=0",
    ] {
        assert_eq!(data(path).await["data"]["row"], json!({ "n": 2 }), "{path}");
    }
    let wrong = data("/v1/api/nodes/r1/step-2/output?iteration=-1").await;
    assert_eq!(wrong["error"]["code"], "INVALID_INPUT", "{wrong}");
    assert_eq!(
        get(&gateway, None, "/v1/api/runs/r1/node-states")
            .await
            .status,
        401
    );
    assert_eq!(
        get(&gateway, Some(READER), "/v1/api/runs/zz/node-states")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn the_command_line_shows_frames_attempts_and_nodes() {
    let operator = Operator::start().await;
    launch(
        &operator.gateway,
        "failing",
        "r1",
        json!({ "text": "again" }),
    )
    .await;
    wait_for(&operator.gateway, "r1", "failed").await;
    let nodes = operator.text(&["runs", "nodes", "r1"]).await;
    assert!(
        nodes.starts_with("NODE") && nodes.contains("boom"),
        "{nodes}"
    );
    let attempts = operator.text(&["runs", "attempts", "r1", "boom"]).await;
    assert!(attempts.contains("boom again"), "{attempts}");
    let frames = operator.text(&["runs", "frames", "r1"]).await;
    assert!(frames.contains("start"), "{frames}");
    let first = operator
        .json(&["runs", "frames", "r1", "--frame", "1"])
        .await;
    assert_eq!(first[0]["frameNo"], 1, "{first}");
    let unknown = operator.error(&["runs", "attempts", "zz"]).await;
    assert_eq!(unknown["code"], "NOT_FOUND", "{unknown}");
}
