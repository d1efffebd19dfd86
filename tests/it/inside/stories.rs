//! What has happened in sentences, and changes of files, over RPC and the command line.

use serde_json::json;

use crate::support::{OPERATOR, Operator, READER, launch, refusal, scratch, start, wait_for};

#[tokio::test]
async fn an_ended_run_is_told_once_and_then_from_memory() {
    let operator = Operator::start().await;
    let gateway = &operator.gateway;
    launch(gateway, "chain", "r1", json!({})).await;
    wait_for(gateway, "r1", "finished").await;
    let tell = async |params| {
        gateway
            .expect(READER, "whatHappened", params)
            .await
            .unwrap()
    };
    let first = tell(json!({ "runId": "r1" })).await;
    let summary = first["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Run r1 (chain) finished in "),
        "{summary}"
    );
    assert_eq!(
        (&first["scope"], &first["cached"]),
        (&json!("run"), &json!(false))
    );
    let again = tell(json!({ "runId": "r1" })).await;
    assert_eq!(
        (&again["summary"], &again["cached"]),
        (&first["summary"], &json!(true))
    );
    let node = tell(json!({ "runId": "r1", "nodeId": "step-2" })).await;
    let summary = node["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Node \"step-2\" finished after 1 attempt in "),
        "{summary}"
    );
    assert_eq!(
        (&node["scope"], &node["iteration"]),
        (&json!("node"), &json!(0))
    );
    let told = operator.text(&["runs", "summary", "r1"]).await;
    assert!(told.contains("Run r1 (chain) finished in "), "{told}");
    let tree = operator.text(&["runs", "tree", "r1"]).await;
    assert!(
        tree.contains("step-2") && tree.contains("finished"),
        "{tree}"
    );
    println!("{tree}");
}

#[tokio::test]
async fn what_nobody_can_tell_is_refused() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    for (method, params, code) in [
        ("whatHappened", json!({ "runId": "zz" }), "RunNotFound"),
        (
            "whatHappened",
            json!({ "runId": "r1", "nodeId": "zz" }),
            "NodeNotFound",
        ),
        (
            "whatHappened",
            json!({ "runId": "r1", "nodeId": "step-1", "iteration": 4 }),
            "IterationNotFound",
        ),
        ("listRunDescendants", json!({ "runId": "zz" }), "NOT_FOUND"),
        (
            "getNodeDiff",
            json!({ "runId": "r1", "nodeId": "step-1", "iteration": 0 }),
            "AttemptNotFinished",
        ),
        ("getRunDiff", json!({ "runId": "r1" }), "VcsError"),
        ("getRunDiff", json!({}), "InvalidRequest"),
    ] {
        let refused = refusal(&gateway, OPERATOR, method, params.clone()).await;
        assert_eq!(refused.code, code, "{method} {params}");
    }
}
