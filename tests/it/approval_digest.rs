//! A decision is bound to what was asked: over the gateway, on the command line and without a gateway.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, Operator, count, database, error_of, launch, refusal, run, scratch_with, tokens,
    wait_for,
};

/// Ann and Bob, who may decide, and a workflow that asks something else after each build.
async fn building(run: &str, required: u32) -> Operator {
    let mut grants = tokens();
    for name in ["ann", "bob"] {
        let scopes = ["run:read", "approval:submit"];
        let user = format!("user:{name}");
        grants[name] = json!({ "role": "reviewer", "scopes": scopes, "userId": user });
    }
    let mut scratch = scratch_with(&grants);
    let module = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/it/versions.tsx"
    );
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    let operator = Operator::with(scratch).await;
    let input = json!({ "requiredApprovals": required });
    launch(&operator.gateway, "versions", run, input).await;
    wait_for(&operator.gateway, run, "waiting-approval").await;
    operator
}

async fn listed(gateway: &Gateway) -> Value {
    let rows = gateway.expect(OPERATOR, "listApprovals", json!({})).await;
    rows.unwrap()[0].clone()
}

async fn digest(gateway: &Gateway) -> String {
    let row = listed(gateway).await;
    row["requestDigest"].as_str().expect("a digest").to_owned()
}

/// Builds again, so that the standing question is about another version.
async fn build_again(gateway: &Gateway, run: &str) {
    let asked = digest(gateway).await;
    let params = json!({ "runId": run, "nodeId": "build", "resetDependents": true });
    gateway.expect(OPERATOR, "retryTask", params).await.unwrap();
    wait_for(gateway, run, "waiting-approval").await;
    assert_ne!(
        digest(gateway).await,
        asked,
        "another version is asked about"
    );
}

fn answer(run: &str, digest: &str) -> Value {
    json!({ "runId": run, "nodeId": "approve", "approved": true, "requestDigest": digest })
}

fn votes(scratch: &Scratch) -> i64 {
    count(scratch, "SELECT count(*) FROM _smithers_approval_votes")
}

#[tokio::test]
async fn an_answer_to_a_question_that_is_no_longer_asked_is_refused_and_changes_nothing() {
    let operator = building("r1", 2).await;
    let gateway = &operator.gateway;
    let read = digest(gateway).await;
    let voted = gateway.expect("ann", "submitApproval", answer("r1", &read));
    voted.await.unwrap();
    build_again(gateway, "r1").await;
    let row = listed(gateway).await;
    assert_eq!(row["votes"], json!([]), "votes are about one question");

    let refused = refusal(gateway, "bob", "submitApproval", answer("r1", &read)).await;
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (409, "ApprovalChanged")
    );
    assert_eq!(
        votes(&operator.scratch),
        1,
        "the refused answer has left a row"
    );

    let now = digest(gateway).await;
    for token in ["ann", "bob"] {
        let voted = gateway.expect(token, "submitApproval", answer("r1", &now));
        voted.await.unwrap();
    }
    wait_for(gateway, "r1", "finished").await;
    let kept = "SELECT count(*) FROM (
                    SELECT request_digest FROM _smithers_approval_decisions
                    UNION ALL SELECT request_digest FROM _smithers_approvals
                    UNION ALL SELECT request_digest FROM _smithers_approval_votes WHERE vote_id > 1
                    UNION ALL SELECT json_extract(detail_json, '$.requestDigest') FROM _smithers_audit
                              WHERE kind = 'approval' AND outcome = 'approved'
                    UNION ALL SELECT json_extract(payload_json, '$.requestDigest') FROM _smithers_events
                              WHERE type = 'ApprovalGranted')
                WHERE request_digest = ?1";
    let kept: i64 = database(&operator.scratch)
        .query_row(kept, [&now], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 6, "decision, request, two votes, audit row and event");
}

#[tokio::test]
async fn the_command_line_decides_about_what_it_has_shown() {
    let operator = building("r1", 1).await;
    let shown = operator.text(&["approvals", "show", "r1"]).await;
    let read = digest(&operator.gateway).await;
    assert!(shown.contains(&read), "{shown}");
    assert!(shown.contains("Ship version "), "{shown}");
    build_again(&operator.gateway, "r1").await;

    let stale = ["approvals", "approve", "r1", "--digest", &read];
    let error = operator.error(&stale).await;
    assert_eq!(error["code"], "ApprovalChanged", "{error}");
    let decided = operator.run(&["approvals", "approve", "r1"]).await;
    assert!(decided.stderr.contains("Ship version "), "{decided:?}");
    wait_for(&operator.gateway, "r1", "finished").await;
}

#[tokio::test]
async fn without_a_gateway_a_decision_is_about_what_was_read_too() {
    let operator = building("r1", 1).await;
    let now = digest(&operator.gateway).await;
    let Operator { gateway, scratch } = operator;
    gateway.stop().await.unwrap();
    let flags = [
        "approvals",
        "approve",
        "r1",
        "--offline",
        "--by",
        "user:ann",
    ];
    let stale = [&flags[..], &["--digest", "of something else", "--json"]].concat();
    let refused = error_of(&run(&scratch, &stale).await);
    assert_eq!(refused["code"], "ApprovalChanged", "{refused}");
    let decided = run(&scratch, &[&flags[..], &["--digest", &now]].concat()).await;
    assert_eq!(decided.code, Some(0), "{decided:?}");
}
