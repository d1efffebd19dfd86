//! `smithers approvals` against a gateway.

use serde_json::{Value, json};
use smithers_testkit::Scratch;

use crate::support::{Operator, launch, scratch_with, tokens, wait_for};

/// A token that may decide and read approvals, and nothing else.
const APPROVER: &str = "approve-token";

fn with_approver() -> Scratch {
    let mut tokens = tokens();
    tokens[APPROVER] =
        json!({"role": "approver", "scopes": ["approval:submit"], "userId": "user:boss"});
    scratch_with(&tokens)
}

async fn waiting(operator: &Operator, run: &str) {
    launch(&operator.gateway, "gate", run, json!({})).await;
    wait_for(&operator.gateway, run, "waiting-approval").await;
}

#[tokio::test]
async fn what_waits_is_listed_with_its_question() {
    let operator = Operator::start().await;
    let ended = operator.run(&["approvals", "list"]).await;
    assert_eq!(ended.stderr, "nothing waits for a decision\n");
    waiting(&operator, "r1").await;
    let table = operator.text(&["approvals", "list"]).await;
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(
        head,
        [
            "RUN", "NODE", "WORKFLOW", "QUESTION", "ANSWER", "ASKED", "WHO"
        ]
    );
    let row = lines.next().unwrap();
    assert!(row.starts_with("r1   approve  gate      Ship it?"), "{row}");
    assert!(row.ends_with("anyone"), "{row}");
    for filter in [["--run", "nope"], ["--workflow", "chain"]] {
        let none = operator
            .json(&[&["approvals", "list"], &filter[..]].concat())
            .await;
        assert_eq!(none, json!([]));
    }
}

#[tokio::test]
async fn the_node_need_not_be_named_when_one_waits() {
    let mut operator = Operator::with(with_approver()).await;
    operator.scratch.set("SMITHERS_API_KEY", APPROVER);
    waiting(&operator, "r1").await;
    let answer = operator
        .json(&["approvals", "approve", "r1", "--note", "looks good"])
        .await;
    assert_eq!(
        answer,
        json!({"runId": "r1", "nodeId": "approve", "iteration": 0, "approved": true})
    );
    wait_for(&operator.gateway, "r1", "finished").await;
    let params = json!({"runId": "r1", "nodeId": "approve", "iteration": 0});
    let output = operator
        .gateway
        .expect(crate::support::OPERATOR, "getNodeOutput", params)
        .await
        .unwrap();
    assert_eq!(output["row"]["note"], "looks good");
    assert_eq!(output["row"]["decidedBy"], "user:boss");

    let error = operator.error(&["approvals", "approve", "r1"]).await;
    assert_eq!(error["code"], "NOTHING_WAITS", "{error}");
    let error = operator
        .error(&["approvals", "deny", "r1", "approve"])
        .await;
    assert_eq!(error["code"], "AlreadyDecided", "{error}");
}

#[tokio::test]
async fn a_denial_ends_the_run() {
    let operator = Operator::start().await;
    waiting(&operator, "r1").await;
    let said = operator.text(&["approvals", "deny", "r1", "approve"]).await;
    assert_eq!(said, "denied: approve of r1\n");
    let record = wait_for(&operator.gateway, "r1", "failed").await;
    assert_ne!(record["errorJson"], Value::Null);
}

#[tokio::test]
async fn a_token_that_may_only_approve_learns_which_scope_it_lacks() {
    let mut operator = Operator::with(with_approver()).await;
    operator.scratch.set("SMITHERS_API_KEY", APPROVER);
    let error = operator.error(&["runs", "launch", "gate"]).await;
    assert_eq!(error["code"], "FORBIDDEN", "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.contains("smithers token issue --scopes run:write"),
        "{hint}"
    );
}
