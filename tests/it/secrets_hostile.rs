//! A workflow, a caller and a reviewer that do what they can to get secrets stored, logged or answered.

use std::path::PathBuf;

use serde_json::{Value, json};
use smithers_testkit::Gateway;

use crate::support::{OPERATOR, get, refusal, scratch, start, wait_for};

/// Secrets of the kinds that leak, in parts, so that no scanner takes this file for a leak.
const PARTS: [[&str; 2]; 8] = [
    ["ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"],
    ["AKIA", "Z7Q2W9E4R6T1Y8U3"],
    ["sk-proj-", "x9Kd83nVb27QmZp41LsTt60WcRy5HaEu"],
    [
        "xoxb-",
        "918273645546-192837465564-QwErTyUiOpAsDfGhJkLzXcVb",
    ],
    ["glpat-", "Zx8Cv7Bn6Mq5Wp4Er3Ty"],
    [
        "eyJhbGciOiJIUzI1NiJ9.",
        "eyJzdWIiOiJ1c2VyOmFubiIsImV4cCI6OTk5OTk5fQ.dBjftJeZ4CVPmB92K27uhbUJU1p1rwW1gFWFOEjXk1s",
    ],
    ["postgres://app:", "Tr0ub4dor-and-3@db.internal:5432/orders"],
    ["smithers_", "k2VnT8cYb5Lq0Jw7Xr4Ze9Ms1Ud6Fh3PgAo-_RiNtQx"],
];

/// What must be found nowhere: the part that is the secret itself.
fn needles() -> Vec<String> {
    let hidden = |[prefix, rest]: &[&str; 2]| match prefix.starts_with("postgres") {
        true => "Tr0ub4dor-and-3".to_owned(),
        false => (*rest).to_owned(),
    };
    PARTS.iter().map(hidden).collect()
}

fn whole() -> Vec<String> {
    PARTS.iter().map(|parts| parts.concat()).collect()
}

fn assert_clean(what: &str, bytes: &[u8]) {
    for needle in needles() {
        let found = bytes
            .windows(needle.len())
            .position(|window| window == needle.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(120)..bytes.len().min(at + 60)];
            panic!("{what} holds a secret: {}", String::from_utf8_lossy(around));
        }
    }
}

async fn answer(gateway: &Gateway, method: &str, params: Value) -> String {
    let answer = gateway.call(OPERATOR, method, params).await.unwrap();
    answer.map_or_else(|refused| format!("{refused:?}"), |value| value.to_string())
}

#[tokio::test]
async fn no_provider_keys_reach_rows_inputs_outputs_events_answers_or_logs() {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/hostile.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch.set("SMITHERS_MODULE_ENV", "IT_PARTS");
    scratch.set("IT_PARTS", json!(PARTS).to_string());
    scratch.set("SMITHERS_LOG", "debug");
    let gateway = start(&scratch).await;
    // A password in an address may be an example; it is replaced, not refused.
    for secret in whole().into_iter().filter(|secret| !secret.contains("://")) {
        let params = json!({ "workflow": "hostile", "input": { "text": secret }, "options": { "runId": "refused" } });
        let refused = refusal(&gateway, OPERATOR, "launchRun", params).await;
        assert_clean("a refusal", format!("{refused:?}").as_bytes());
    }
    let mut socket = gateway.connect(OPERATOR, None).await.unwrap();
    let mut seen = String::new();
    socket
        .request(
            "launchRun",
            json!({ "workflow": "hostile", "input": {}, "options": { "runId": "r1" } }),
        )
        .await
        .unwrap();
    let asked = |frame: &Value| frame["event"] == "approval.requested";
    seen += &socket
        .find("the approval", asked)
        .await
        .unwrap()
        .to_string();
    seen += &answer(&gateway, "listApprovals", json!({})).await;
    let note = whole().join(" ");
    let decision = json!({ "runId": "r1", "nodeId": "approve", "approved": true, "note": note });
    seen += &answer(&gateway, "submitApproval", decision).await;
    let ended = |frame: &Value| frame["event"] == "run.completed";
    seen += &socket.find("the end", ended).await.unwrap().to_string();
    wait_for(&gateway, "r1", "failed").await;
    seen += &answer(&gateway, "getRun", json!({ "runId": "r1" })).await;
    seen += &answer(&gateway, "listRuns", json!({})).await;
    for node in ["out", "approve", "fail"] {
        seen += &answer(
            &gateway,
            "getNodeOutput",
            json!({ "runId": "r1", "nodeId": node }),
        )
        .await;
    }
    for path in ["/v1/runs", "/v1/runs/r1", "/metrics", "/workflows"] {
        seen += &String::from_utf8_lossy(&get(&gateway, Some(OPERATOR), path).await.body);
    }
    assert!(
        seen.contains("[REDACTED:"),
        "something was replaced: {seen}"
    );
    assert_clean("an answer", seen.as_bytes());
    let files = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(scratch.path("")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).collect()
    };
    assert!(files().iter().any(|path| path.ends_with("smithers.db-wal")));
    let check = || {
        for path in files() {
            assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
        }
    };
    check();
    gateway.stop().await.unwrap();
    check();
}
