//! Who may see what.

use serde_json::json;

use crate::support::{
    OPERATOR, READER, get, launch, refusal, scratch, scratch_with, start, tokens, wait_for,
};

#[tokio::test]
async fn approval_read_alone_lists_approvals_and_nothing_else() {
    let mut grants = tokens();
    grants["inbox"] =
        json!({ "role": "reviewer", "scopes": ["approval:read"], "userId": "user:inbox" });
    let scratch = scratch_with(&grants);
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let waiting = gateway
        .expect("inbox", "listApprovals", json!({}))
        .await
        .unwrap();
    assert_eq!(waiting[0]["runId"], "r1");
    let refused = [
        ("listRuns", json!({})),
        ("getRun", json!({ "runId": "r1" })),
        (
            "submitApproval",
            json!({ "runId": "r1", "nodeId": "approve", "approved": true }),
        ),
        ("launchRun", json!({ "workflow": "chain" })),
        ("cancelRun", json!({ "runId": "r1" })),
    ];
    for (method, params) in refused {
        let refused = refusal(&gateway, "inbox", method, params).await;
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (403, "FORBIDDEN"),
            "{method}"
        );
    }
    assert_eq!(get(&gateway, Some("inbox"), "/v1/runs").await.status, 403);
    assert_eq!(
        get(&gateway, Some("inbox"), "/v1/runs/r1").await.status,
        403
    );
    wait_for(&gateway, "r1", "waiting-approval").await;
}

#[tokio::test]
async fn a_reader_of_a_run_sees_no_stack_and_no_credentials_of_its_launcher() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "failing", "r1", json!({ "text": "loudly" })).await;
    wait_for(&gateway, "r1", "failed").await;
    let record = gateway
        .expect(READER, "getRun", json!({ "runId": "r1" }))
        .await
        .unwrap();
    assert!(
        record["errorJson"]
            .as_str()
            .unwrap()
            .contains("boom loudly"),
        "{record}"
    );
    let list = gateway.expect(READER, "listRuns", json!({})).await.unwrap();
    let output = json!({ "runId": "r1", "nodeId": "boom", "iteration": 0 });
    let output = gateway
        .expect(READER, "getNodeOutput", output)
        .await
        .unwrap();
    let socket = gateway.connect(READER, Some(&["r1"])).await.unwrap();
    let hello = socket
        .find("hello", |frame| frame["type"] == "res")
        .await
        .unwrap();
    let rest = get(&gateway, Some(READER), "/v1/runs/r1")
        .await
        .json()
        .unwrap();
    for text in [
        record,
        list,
        output,
        hello["payload"]["snapshot"].clone(),
        rest,
    ]
    .map(|seen| seen.to_string())
    {
        for hidden in ["stack", "gateway.tsx", "scopes", "tokenId", "operator"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
}

#[tokio::test]
async fn a_reader_cannot_launch_decide_or_cancel() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let decision = json!({ "runId": "r1", "nodeId": "approve", "approved": true });
    let calls = [
        ("launchRun", json!({ "workflow": "chain" })),
        ("submitApproval", decision),
        ("cancelRun", json!({ "runId": "r1" })),
    ];
    let mut socket = gateway.connect(READER, None).await.unwrap();
    for (method, params) in calls {
        let refused = refusal(&gateway, READER, method, params.clone()).await;
        assert_eq!(refused.code, "FORBIDDEN", "{method}");
        let over_socket = socket
            .request(method, params)
            .await
            .unwrap_err()
            .to_string();
        assert!(over_socket.contains("FORBIDDEN"), "{over_socket}");
    }
    let runs = gateway
        .expect(OPERATOR, "listRuns", json!({}))
        .await
        .unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 1);
    assert_eq!(runs[0]["status"], "waiting-approval");
}

#[tokio::test]
async fn the_lists_of_an_approval_narrow_who_may_decide_and_malformed_ones_let_nobody() {
    let grant = |scopes: &[&str], user: Option<&str>| {
        let mut grant = json!({ "role": "client", "scopes": scopes });
        if let Some(user) = user {
            grant["userId"] = json!(user);
        }
        grant
    };
    let submit = "approval:submit";
    let mut grants = tokens();
    grants["ann"] = grant(&[submit], Some("user:ann"));
    grants["bob"] = grant(&[submit], Some("user:bob"));
    grants["nobody"] = grant(&[submit], None);
    grants["admin-nobody"] = grant(&["*"], None);
    grants["shipper"] = grant(&[submit, "release:ship"], None);
    grants["near"] = grant(&[submit, "release:*", "release", "release:shipping"], None);
    grants["legacy"] = grant(&["admin"], None);
    grants["everything"] = grant(&["*"], None);
    let scratch = scratch_with(&grants);
    let gateway = start(&scratch).await;
    let cases = [
        ("gate-users", ["bob", "nobody", "admin-nobody"], "ann"),
        ("gate-scopes", ["ann", "near", "legacy"], "shipper"),
        ("gate-scopes", ["ann", "near", "legacy"], "everything"),
    ];
    for (n, (workflow, refused, allowed)) in cases.into_iter().enumerate() {
        let run = format!("r{n}");
        launch(&gateway, workflow, &run, json!({})).await;
        wait_for(&gateway, &run, "waiting-approval").await;
        let decision = json!({ "runId": run, "nodeId": "approve", "approved": true });
        for token in refused {
            let refused = refusal(&gateway, token, "submitApproval", decision.clone()).await;
            assert_eq!(
                (refused.status, refused.code.as_str()),
                (403, "FORBIDDEN"),
                "{workflow} {token}"
            );
        }
        gateway
            .expect(allowed, "submitApproval", decision)
            .await
            .unwrap();
        wait_for(&gateway, &run, "finished").await;
    }
    launch(&gateway, "gate-malformed", "malformed", json!({})).await;
    wait_for(&gateway, "malformed", "failed").await;
    let decision = json!({ "runId": "malformed", "nodeId": "approve", "approved": true });
    for token in ["ann", OPERATOR] {
        let answer = gateway
            .call(token, "submitApproval", decision.clone())
            .await
            .unwrap();
        assert!(answer.is_err(), "{token}");
    }
}
