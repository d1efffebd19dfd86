//! Agents and long tasks: what they remember through the death of the process, and what ends them.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, count, database, launch, scratch, start, until_true, wait_for};

async fn gateway() -> (Scratch, Gateway) {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/agents.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    let gateway = start(&scratch).await;
    (scratch, gateway)
}

async fn output(gateway: &Gateway, node: &str) -> Value {
    let params = json!({ "runId": "r", "nodeId": node, "iteration": 0 });
    let answer = gateway.expect(OPERATOR, "getNodeOutput", params).await;
    answer.unwrap()["row"].take()
}

/// Types of the stored events of the node, without output.
fn story(scratch: &Scratch) -> Vec<String> {
    let database = database(scratch);
    let sql = "SELECT type, payload_json ->> 'error' ->> 'code' FROM _smithers_events
               WHERE payload_json ->> 'nodeId' = 'ask' AND type <> 'NodeOutput' ORDER BY seq";
    let mut events = database.prepare(sql).unwrap();
    let rows = events.query_map([], |row| {
        let (name, code): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        Ok(code.map_or(name.clone(), |code| format!("{name} {code}")))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_task_goes_on_after_kill_9_where_its_last_heartbeat_was() {
    let (scratch, gateway) = gateway().await;
    launch(&gateway, "paging", "r", json!({})).await;
    until_true("a heartbeat to be stored", || async {
        let sql = "SELECT count(*) FROM _smithers_attempts
                   WHERE heartbeat_at_ms > 0 AND heartbeat_data_json = '{\"page\":3}'";
        count(&scratch, sql) == 1
    })
    .await;
    gateway.kill9().await.unwrap();

    let gateway = start(&scratch).await;
    wait_for(&gateway, "r", "finished").await;
    assert_eq!(
        output(&gateway, "read").await,
        json!({ "from": 3, "attempt": 2 })
    );
}

#[tokio::test]
async fn heartbeats_are_seen_on_the_wire_and_cost_two_commits_a_second_at_most() {
    let (scratch, gateway) = gateway().await;
    let socket = gateway.connect(OPERATOR, None).await.unwrap();
    launch(&gateway, "paging", "r", json!({})).await;
    let is_heartbeat = |frame: &Value| frame["event"] == "task.heartbeat";
    let seen = socket.find("a heartbeat", is_heartbeat).await.unwrap();
    assert_eq!(seen["payload"]["nodeId"], "read");
    assert_eq!(seen["payload"]["attempt"], 1);
    let beats = "SELECT count(*) FROM _smithers_events WHERE type = 'TaskHeartbeat'";
    until_true("more heartbeats", || async { count(&scratch, beats) >= 3 }).await;
    let too_close = "SELECT count(*) FROM _smithers_events
                     WHERE type = 'TaskHeartbeat' AND payload_json ->> 'intervalMs' < 450";
    assert_eq!(count(&scratch, too_close), 0);
}

#[tokio::test]
async fn an_agent_that_ignores_its_time_is_tried_again() {
    let (scratch, gateway) = gateway().await;
    launch(&gateway, "late", "r", json!({})).await;
    wait_for(&gateway, "r", "finished").await;
    assert_eq!(output(&gateway, "ask").await, json!({ "words": ["2"] }));
    assert_eq!(
        story(&scratch),
        [
            "NodePending",
            "NodeStarted",
            "NodeFailed TASK_TIMEOUT",
            "NodeRetrying",
            "NodeStarted",
            "NodeFinished"
        ]
    );
}

#[tokio::test]
async fn an_agent_that_falls_silent_is_tried_again() {
    let (scratch, gateway) = gateway().await;
    launch(&gateway, "silent", "r", json!({})).await;
    wait_for(&gateway, "r", "finished").await;
    let expected = json!({ "words": ["at last"] });
    assert_eq!(output(&gateway, "ask").await, expected);
    assert_eq!(
        story(&scratch),
        [
            "NodePending",
            "NodeStarted",
            "TaskHeartbeatTimeout",
            "NodeFailed TASK_HEARTBEAT_TIMEOUT",
            "NodeRetrying",
            "NodeStarted",
            "NodeFinished"
        ]
    );
    let said = "SELECT group_concat(payload_json ->> 'text', '') = 'call 1' || char(10) || 'call 2' || char(10)
                FROM _smithers_events WHERE type = 'NodeOutput'";
    assert_eq!(
        count(&scratch, said),
        1,
        "what an agent shows is output of its task"
    );
}
