//! `smithers approvals` against a gateway.

use serde_json::{Value, json};
use smithers_testkit::Scratch;

use crate::support::{
    Ended, Operator, database, error_of, launch, run, scratch, scratch_with, start, tokens,
    wait_for,
};

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
            "RUN", "NODE", "WORKFLOW", "QUESTION", "ANSWER", "ASKED", "EXPIRES", "WHO"
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

/// Stops the gateway, so that its database is free.
async fn without_gateway(operator: Operator) -> Scratch {
    operator.gateway.stop().await.unwrap();
    operator.scratch
}

async fn offline(scratch: &Scratch, arguments: &[&str]) -> Ended {
    let flags = ["--offline", "--json"];
    run(scratch, &[&["approvals"], arguments, &flags[..]].concat()).await
}

#[tokio::test]
async fn a_decision_without_a_gateway_is_recorded_as_such_and_the_next_gateway_goes_on() {
    let operator = Operator::start().await;
    waiting(&operator, "r1").await;
    let scratch = without_gateway(operator).await;
    let ended = offline(&scratch, &["approve", "r1", "--by", "user:ann"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answer["nodeId"], "approve");

    let recorded: (String, String, String) = database(&scratch)
        .query_row(
            "SELECT actor_id, channel, outcome FROM _smithers_audit WHERE kind = 'approval'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    let (actor, channel, outcome) = &recorded;
    assert_eq!(
        [actor, channel, outcome],
        ["user:ann", "cli-offline", "approved"]
    );
    let again = offline(&scratch, &["deny", "r1", "approve", "--by", "user:ann"]).await;
    assert_eq!(error_of(&again)["code"], "AlreadyDecided");

    let gateway = start(&scratch).await;
    wait_for(&gateway, "r1", "finished").await;
    let events = run(&scratch, &["runs", "events", "r1", "--url", &gateway.url()]).await;
    assert_eq!(events.stdout.matches("approval.decided").count(), 1);
}

#[tokio::test]
async fn nobody_decides_on_the_file_while_a_gateway_runs_on_it() {
    let operator = Operator::start().await;
    waiting(&operator, "r1").await;
    let ended = offline(&operator.scratch, &["approve", "r1", "--by", "user:ann"]).await;
    let error = error_of(&ended);
    assert_eq!(error["code"], "DB_IN_USE", "{error}");
    let open = operator.json(&["approvals", "list"]).await;
    assert_eq!(open[0]["runId"], "r1", "nothing was decided");
}

#[tokio::test]
async fn the_lists_of_who_may_decide_hold_without_a_gateway_too() {
    let operator = Operator::start().await;
    for (run, workflow) in [("r1", "gate-users"), ("r2", "gate-scopes")] {
        launch(&operator.gateway, workflow, run, json!({})).await;
        wait_for(&operator.gateway, run, "waiting-approval").await;
    }
    let scratch = without_gateway(operator).await;
    let decide = |run: &'static str, user: &'static str| {
        let scratch = &scratch;
        async move { offline(scratch, &["approve", run, "--by", user]).await }
    };
    let error = error_of(&decide("r1", "user:eve").await);
    assert_eq!(error["code"], "FORBIDDEN", "{error}");
    let error = error_of(&decide("r2", "user:ann").await);
    assert_eq!(error["code"], "FORBIDDEN", "no token vouches for a scope");
    assert_eq!(decide("r1", "user:ann").await.code, Some(0));
}

#[tokio::test]
async fn a_decision_without_a_gateway_needs_a_name_and_a_database() {
    let scratch = scratch();
    let ended = offline(&scratch, &["approve", "r1"]).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let ended = offline(&scratch, &["approve", "r1", "--by", "user:ann"]).await;
    assert_eq!(error_of(&ended)["code"], "DB_NOT_FOUND", "{ended:?}");
    assert!(!scratch.database().exists(), "none is made");
}
