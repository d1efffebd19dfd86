//! The recommended scopes of each kind of client: what its token can do, and what it cannot (tokens-and-access 5).

use serde_json::{Value, json};
use smithers_testkit::Gateway;

use crate::support::{OPERATOR, get, launch, scratch_with, start, tokens, wait_for};

/// A call and the name under which the tables below speak of it.
fn calls() -> [(&'static str, &'static str, Value); 7] {
    let run = json!({ "runId": "r1" });
    let decision = json!({ "runId": "r1", "nodeId": "approve", "approved": true });
    let output = json!({ "runId": "r1", "nodeId": "step-1", "iteration": 0 });
    [
        ("list runs", "listRuns", json!({})),
        ("read a run", "getRun", run.clone()),
        ("read an output", "getNodeOutput", output),
        ("list approvals", "listApprovals", json!({})),
        ("launch", "launchRun", json!({ "workflow": "gate" })),
        ("cancel", "cancelRun", json!({ "runId": "r2" })),
        ("decide", "submitApproval", decision),
    ]
}

/// Returns what the holder of `token` can do, over HTTP and over a socket alike.
async fn can(gateway: &Gateway, token: &str) -> Vec<&'static str> {
    let mut socket = gateway.connect(token, None).await.unwrap();
    let mut allowed = Vec::new();
    for (name, method, params) in calls() {
        // A run that ended or a decision that was made is a refusal of another kind.
        let over_socket = socket.request(method, params.clone()).await;
        let over_socket = !over_socket.is_err_and(|error| error.to_string().contains("FORBIDDEN"));
        let over_http = gateway.call(token, method, params).await.unwrap();
        let over_http = !over_http.is_err_and(|refused| refused.code == "FORBIDDEN");
        assert_eq!(over_socket, over_http, "{name}");
        if over_http {
            allowed.push(name);
        }
    }
    let stream = socket
        .request("streamRunEvents", json!({ "runId": "r1" }))
        .await;
    if stream.is_ok() {
        allowed.push("follow a run");
    }
    allowed
}

/// A gateway with two runs that wait for an approval, and a token with `scopes`.
async fn gateway_with(scopes: &[&str]) -> (smithers_testkit::Scratch, Gateway) {
    let mut grants = tokens();
    grants["client"] = json!({ "role": "client", "scopes": scopes, "userId": "user:client" });
    let scratch = scratch_with(&grants);
    let gateway = start(&scratch).await;
    for run in ["r1", "r2"] {
        launch(&gateway, "gate", run, json!({ "text": "input-of-the-run" })).await;
        wait_for(&gateway, run, "waiting-approval").await;
    }
    (scratch, gateway)
}

const READS: [&str; 5] = [
    "list runs",
    "read a run",
    "read an output",
    "list approvals",
    "follow a run",
];

fn reads_and(more: &[&'static str]) -> Vec<&'static str> {
    let mut all = READS[..4].to_vec();
    all.extend(more);
    all.push(READS[4]);
    all
}

#[tokio::test]
async fn run_dashboard_with_run_read_and_approval_read_sees_runs_and_approvals_and_changes_nothing()
{
    let (_scratch, gateway) = gateway_with(&["run:read", "approval:read"]).await;
    assert_eq!(can(&gateway, "client").await, READS);
}

#[tokio::test]
async fn launch_automation_with_run_read_and_run_write_launches_and_does_not_approve() {
    let (_scratch, gateway) = gateway_with(&["run:read", "run:write"]).await;
    assert_eq!(
        can(&gateway, "client").await,
        reads_and(&["launch", "cancel"])
    );
    wait_for(&gateway, "r1", "waiting-approval").await;
}

#[tokio::test]
async fn approval_inbox_with_run_read_approval_read_and_approval_submit_decides_and_launches_nothing()
 {
    let scopes = ["run:read", "approval:read", "approval:submit"];
    let (_scratch, gateway) = gateway_with(&scopes).await;
    assert_eq!(can(&gateway, "client").await, reads_and(&["decide"]));
    wait_for(&gateway, "r1", "finished").await;
    let runs = gateway
        .expect(OPERATOR, "listRuns", json!({}))
        .await
        .unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn operator_tools_with_run_read_run_write_and_approval_submit_do_all_of_it() {
    let scopes = ["run:read", "run:write", "approval:submit"];
    let (_scratch, gateway) = gateway_with(&scopes).await;
    let all = reads_and(&["launch", "cancel", "decide"]);
    assert_eq!(can(&gateway, "client").await, all);
}

#[tokio::test]
async fn no_scope_of_runs_allows_to_decide_an_approval() {
    for scope in [
        "run:read",
        "run:write",
        "run:admin",
        "run:*",
        "execute",
        "approval:read",
    ] {
        let (_scratch, gateway) = gateway_with(&[scope]).await;
        let allowed = can(&gateway, "client").await;
        assert!(!allowed.contains(&"decide"), "{scope}: {allowed:?}");
    }
}

#[tokio::test]
async fn approval_read_alone_shows_the_approvals_own_fields_its_run_and_its_workflow_and_nothing_of_the_run()
 {
    let (_scratch, gateway) = gateway_with(&["approval:read"]).await;
    assert_eq!(can(&gateway, "client").await, ["list approvals"]);
    let mut inbox = gateway.connect("client", None).await.unwrap();
    let hello = inbox
        .find("hello", |frame| frame["type"] == "res")
        .await
        .unwrap();
    let snapshot = &hello["payload"]["snapshot"];
    assert_eq!(snapshot["runs"], json!([]));
    let listed = gateway
        .expect("client", "listApprovals", json!({}))
        .await
        .unwrap();
    assert_eq!(snapshot["approvals"], listed);
    let row = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["runId"] == "r1")
        .unwrap();
    let of_the_approval = [
        "runId",
        "workflowKey",
        "nodeId",
        "iteration",
        "requestTitle",
        "requestDigest",
        "requestSummary",
        "requestedAtMs",
        "approvalMode",
        "options",
        "allowedScopes",
        "allowedUsers",
        "autoApprove",
        "owner",
        "fallbackOwner",
        "escalatesAtMs",
        "escalatedAtMs",
        "expiresAtMs",
    ];
    for member in row.as_object().unwrap().keys() {
        assert!(of_the_approval.contains(&member.as_str()), "{member}");
    }
    let decision = json!({ "runId": "r1", "nodeId": "approve", "approved": true });
    gateway
        .expect(OPERATOR, "submitApproval", decision)
        .await
        .unwrap();
    wait_for(&gateway, "r1", "finished").await;
    launch(
        &gateway,
        "gate",
        "r3",
        json!({ "text": "input-of-the-run" }),
    )
    .await;
    let asked =
        |frame: &Value| frame["event"] == "approval.requested" && frame["payload"]["runId"] == "r3";
    inbox
        .find("the approval of the third run", asked)
        .await
        .unwrap();
    let events: Vec<Value> = inbox.take_arrived();
    let names = events.iter().filter_map(|frame| frame["event"].as_str());
    let of_runs: Vec<&str> = names
        .filter(|name| {
            !name.starts_with("approval.") && !["connect.challenge", "tick"].contains(name)
        })
        .collect();
    assert_eq!(of_runs, Vec::<&str>::new());
    let all = format!("{listed}{hello}{}", json!(events));
    assert!(!all.contains("input-of-the-run"), "{all}");
    for path in ["/v1/runs", "/v1/runs/r1", "/v1/api/runs", "/metrics"] {
        assert_eq!(
            get(&gateway, Some("client"), path).await.status,
            403,
            "{path}"
        );
    }
}
