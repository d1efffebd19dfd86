//! Bearers reach neither the disk nor the log, also when somebody puts one where it does not belong.

use std::path::{Path, PathBuf};

use serde_json::json;
use smithers_testkit::Scratch;

use crate::support::{count, get, scratch_with, send, start};

/// A bearer in the form that this product issues.
const BEARER: &str = "smithers_x4Jq9ZtLw2Vb7Nc0Rk5Ym8Hd3Gf6Ps1Ta-Ue_QoBi";

/// The files of the gateway, the token store apart.
fn files(scratch: &Scratch) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(scratch.path("")).unwrap();
    folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.file_name().unwrap() != "tokens.json")
        .collect()
}

/// Returns where `path` holds the secret, with what stands around it.
fn leak(path: &Path, secret: &str) -> Option<String> {
    let bytes = std::fs::read(path).unwrap();
    let at = bytes
        .windows(secret.len())
        .position(|window| window == secret.as_bytes())?;
    let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + secret.len() + 80)];
    Some(String::from_utf8_lossy(around).into_owned())
}

fn assert_clean(scratch: &Scratch, needed: &[&str]) {
    let files = files(scratch);
    let names: Vec<_> = files
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    for needed in needed {
        assert!(names.contains(needed), "{needed} is not among {names:?}");
    }
    // What follows the prefix is enough to be the secret.
    let secret = &BEARER["smithers_".len()..];
    for path in &files {
        let leak = leak(path, secret);
        assert_eq!(leak, None, "the bearer is in {}", path.display());
    }
}

#[tokio::test]
async fn a_bearer_reaches_neither_the_database_nor_its_log_nor_the_log_output() {
    let operator = json!({ "role": "operator", "scopes": ["*"], "userId": "user:op" });
    let mut scratch = scratch_with(&json!({ BEARER: operator }));
    scratch.set("SMITHERS_LOG", "debug");
    let gateway = start(&scratch).await;
    let mut socket = gateway.connect(BEARER, None).await.unwrap();
    for input in [
        json!({ "text": format!("my token is {BEARER}") }),
        json!({ BEARER: BEARER }),
    ] {
        let params =
            json!({ "workflow": "echo", "input": input, "options": { "runId": "refused" } });
        let refusal = gateway
            .call(BEARER, "launchRun", params)
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(refusal.code, "SECRET_IN_PAYLOAD", "{refusal:?}");
    }
    for workflow in ["echo", "failing", "gate"] {
        let input = json!({ "text": "my token=abcdef123456, keep it" });
        let params = json!({ "workflow": workflow, "input": input, "options": { "runId": workflow,
            "startedBy": { "harness": "ci", "prompt": format!("use {BEARER}") } } });
        socket.request("launchRun", params).await.unwrap();
    }
    let waits = |frame: &serde_json::Value| frame["event"] == "approval.requested";
    socket.find("the approval", waits).await.unwrap();
    let decision = json!({ "runId": "gate", "nodeId": "approve", "approved": true, "note": format!("with {BEARER}") });
    gateway
        .expect(BEARER, "submitApproval", decision)
        .await
        .unwrap();
    for run in ["echo", "failing", "gate"] {
        let ended = |frame: &serde_json::Value| {
            frame["event"] == "run.completed" && frame["payload"]["runId"] == run
        };
        socket.find("the end of the run", ended).await.unwrap();
    }
    let kept =
        "SELECT count(*) FROM _smithers_runs WHERE input_json LIKE '%[REDACTED:assignment]%'";
    assert_eq!(count(&scratch, kept), 3, "the inputs are there, without it");
    let body = format!(r#"{{"workflow": "{BEARER}", "options": {{"runId": "{BEARER}"}}}}"#);
    send(
        &gateway,
        "POST",
        "/v1/rpc/launchRun",
        Some(BEARER),
        Some(&body),
    )
    .await;
    send(
        &gateway,
        "POST",
        "/v1/rpc/launchRun",
        Some(BEARER),
        Some(&format!("{{{BEARER}")),
    )
    .await;
    get(&gateway, None, &format!("/v1/runs?token={BEARER}")).await;
    get(&gateway, Some(BEARER), &format!("/v1/runs/{BEARER}")).await;
    assert_clean(&scratch, &["smithers.db", "smithers.db-wal", "gateway.log"]);
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    assert_clean(&scratch, &["smithers.db", "gateway.log"]);
}

#[tokio::test]
async fn an_operator_lets_a_field_through_and_nothing_of_ours() {
    let mut scratch = scratch_with(&json!({ BEARER: { "role": "operator", "scopes": ["*"] } }));
    scratch.set("SMITHERS_SECRET_POLICY_ALLOW", "input.text");
    let gateway = start(&scratch).await;
    let key = format!("{}_{}", "ghp", "q7Xb2LpV9tZr4KwM8nYc".repeat(2));
    let launch = |run: &str, text: &str| {
        let options = json!({ "runId": run });
        json!({ "workflow": "chain", "input": { "text": text }, "options": options })
    };
    let allowed = gateway
        .expect(BEARER, "launchRun", launch("allowed", &key))
        .await;
    allowed.unwrap();
    let stored = format!("SELECT count(*) FROM _smithers_runs WHERE input_json LIKE '%{key}%'");
    assert_eq!(count(&scratch, &stored), 1);
    let refused = gateway
        .call(BEARER, "launchRun", launch("refused", BEARER))
        .await;
    assert_eq!(refused.unwrap().unwrap_err().code, "SECRET_IN_PAYLOAD");
    let options = json!({ "runId": "keyed", "idempotencyKey": key });
    let named = json!({ "workflow": "chain", "input": {}, "options": options });
    let refused = gateway.call(BEARER, "launchRun", named).await;
    assert_eq!(refused.unwrap().unwrap_err().code, "SECRET_IN_PAYLOAD");
}
