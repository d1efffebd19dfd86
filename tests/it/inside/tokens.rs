//! What agents tell of their work, over RPC, REST, streams and the command line.

use serde_json::{Value, json};

use crate::support::{OPERATOR, Operator, READER, get, launch, refusal, scratch, wait_for};

async fn operator() -> Operator {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/agents.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    Operator::with(scratch).await
}

#[tokio::test]
async fn the_tokens_of_a_call_are_stored_listed_and_told_on_the_wire() {
    let operator = operator().await;
    let gateway = &operator.gateway;
    let socket = gateway.connect(READER, None).await.unwrap();
    launch(gateway, "counted", "r1", json!({})).await;
    let told = |name: &'static str| move |frame: &Value| frame["event"] == name;
    let event = socket
        .find("an event of the agent", told("agent.event"))
        .await
        .unwrap();
    let title = json!({ "type": "started", "engine": "abacus", "title": "counting" });
    assert_eq!(
        (&event["payload"]["engine"], &event["payload"]["event"]),
        (&json!("abacus"), &title)
    );
    let usage = socket.find("the usage", told("token.usage")).await.unwrap();
    wait_for(gateway, "r1", "finished").await;

    let listed = gateway.call(READER, "listRunTokenUsage", json!({ "runId": "r1" }));
    let listed = listed.await.unwrap().unwrap();
    let mut expected = usage["payload"].clone();
    assert_eq!(
        expected.as_object_mut().unwrap().remove("runId"),
        Some(json!("r1"))
    );
    assert_eq!(listed, json!({ "runId": "r1", "events": [expected] }));
    let call = &listed["events"][0];
    let counts = [
        "inputTokens",
        "outputTokens",
        "cacheReadTokens",
        "cacheWriteTokens",
        "reasoningTokens",
    ];
    assert_eq!(
        counts.map(|name| call[name].as_u64().unwrap()),
        [120, 30, 40, 0, 0]
    );
    assert_eq!(
        (&call["model"], &call["agent"]),
        (&json!("tiny"), &json!("counting"))
    );
    let rest = get(gateway, Some(READER), "/v1/api/runs/r1/token-usage").await;
    assert_eq!(rest.json().unwrap()["data"], listed);
    let table = operator.text(&["runs", "tokens", "r1"]).await;
    assert!(
        table.contains("counting") && table.contains("120"),
        "{table}"
    );
}

#[tokio::test]
async fn a_run_without_agents_has_used_nothing_and_an_unknown_one_is_not_found() {
    let operator = operator().await;
    launch(&operator.gateway, "paging", "r1", json!({})).await;
    let listed = operator
        .gateway
        .expect(OPERATOR, "listRunTokenUsage", json!({ "runId": "r1" }));
    assert_eq!(
        listed.await.unwrap(),
        json!({ "runId": "r1", "events": [] })
    );
    let refused = refusal(
        &operator.gateway,
        OPERATOR,
        "listRunTokenUsage",
        json!({ "runId": "zz" }),
    );
    assert_eq!(refused.await.code, "RunNotFound");
    let refused = refusal(&operator.gateway, OPERATOR, "listRunTokenUsage", json!({}));
    assert_eq!(refused.await.code, "INVALID_REQUEST");
}
