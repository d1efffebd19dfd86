//! `smithers token revoke`, alone and under a running gateway.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use smithers_testkit::wait::until;
use tokio::io::AsyncWriteExt;

use crate::support::vault::Vault;
use crate::support::{PATIENCE, get, refusal, start};

/// Within this a revocation acts: a second, and room for a busy machine.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_revocation_revokes_the_handles_and_is_recorded_in_the_audit_trail() {
    let vault = Vault::new();
    let (id, handle, bearer) = vault.issue(&[]).await;
    // The form of the reference page.
    let ended = vault.run(&["revoke", &bearer, "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("list of processes"), "{ended:?}");
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&answer["revoked"], &answer["tokenId"]),
        (&json!(true), &json!(id))
    );
    assert_eq!(
        (&answer["alreadyRevoked"], &answer["handles"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(answer["storePath"], vault.path().display().to_string());
    let denied = vault
        .error(&["exec", "--handle", &handle, "--command", "true"], 1)
        .await;
    assert_eq!(denied["code"], "TOKEN_EXEC_FAILED");
    assert_eq!(denied["message"], "action handle revoked");
    let store: Value = serde_json::from_str(&vault.text("tokens.json")).unwrap();
    for part in ["tokens", "actionTokens"] {
        let entry = store[part].as_object().unwrap().values().next().unwrap();
        assert!(entry["revokedAtMs"].is_u64(), "{entry}");
    }
    let records = vault.records();
    assert_eq!(
        (&records[2]["type"], &records[2]["tokenId"]),
        (&json!("revoked"), &json!(id))
    );
}

#[tokio::test]
async fn a_second_revocation_keeps_the_time_of_the_first() {
    let vault = Vault::new();
    let (id, _, _) = vault.issue(&[]).await;
    let first = vault.json(&["revoke", &id]).await;
    let second = vault.json(&["revoke", &id]).await;
    assert_eq!(second["alreadyRevoked"], true);
    assert_eq!(second["revokedAtMs"], first["revokedAtMs"]);
}

#[tokio::test]
async fn a_token_is_revoked_from_standard_input_by_its_handle_or_with_many() {
    let vault = Vault::new();
    let (id, _, bearer) = vault.issue(&["--user-id", "user:ana"]).await;
    let mut child = vault
        .command(&["revoke", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(format!("{bearer}\n").as_bytes())
        .await
        .unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["tokenId"], id);

    let (id, handle, _) = vault.issue(&["--user-id", "user:ana"]).await;
    let by_handle = vault.json(&["revoke", &handle]).await;
    assert_eq!(by_handle["tokenId"], id);
    assert!(by_handle["handleId"].is_string());
    assert_eq!(vault.json(&["show", &id]).await["state"], "active");

    vault.issue(&["--user-id", "user:bob"]).await;
    assert_eq!(
        vault.json(&["revoke", "--user-id", "user:ana"]).await["count"],
        2
    );
    assert_eq!(vault.json(&["revoke", "--all"]).await["count"], 3);
    assert_eq!(vault.json(&["list", "--active"]).await, json!([]));
}

#[tokio::test]
async fn what_is_unknown_is_not_revoked_and_never_repeated() {
    let vault = Vault::new();
    vault.issue(&[]).await;
    let unknown = "smithers_x4Jq9ZtLw2Vb7Nc0Rk5Ym8Hd3Gf6Ps1Ta-Ue_QoBi";
    let ended = vault.run(&["revoke", unknown]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("[TOKEN_NOT_FOUND]") && !ended.stderr.contains(unknown));
    assert_eq!(
        vault.error(&["revoke"], 4).await["code"],
        "VALIDATION_ERROR"
    );
    assert_eq!(
        vault.error(&["revoke", "x", "--all"], 4).await["code"],
        "VALIDATION_ERROR"
    );
    assert_eq!(
        vault.error(&["revoke", "-"], 4).await["code"],
        "VALIDATION_ERROR"
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_used_fails_every_command_with_a_code() {
    let vault = Vault::with(b"{");
    let code = |error: Value| error["code"].as_str().unwrap().to_owned();
    assert_eq!(
        code(vault.error(&["revoke", "x"], 1).await),
        "TOKEN_STORE_UNREADABLE"
    );
    assert_eq!(
        code(vault.error(&["list"], 1).await),
        "TOKEN_STORE_UNREADABLE"
    );
    assert_eq!(code(vault.error(&["issue"], 1).await), "TOKEN_ISSUE_FAILED");
    let exec = ["exec", "--handle", "h", "--command", "true"];
    assert_eq!(code(vault.error(&exec, 1).await), "TOKEN_EXEC_FAILED");
    assert_eq!(vault.text("tokens.json"), "{");
}

#[tokio::test]
async fn a_broken_setting_elsewhere_hinders_no_revocation() {
    let mut vault = Vault::new();
    let (id, _, _) = vault.issue(&[]).await;
    vault.scratch.set("PORT", "none");
    vault.scratch.set(
        "SMITHERS_CONFIG",
        vault.scratch.path("no-such.toml").display().to_string(),
    );
    assert_eq!(vault.json(&["revoke", &id]).await["revoked"], true);
}

#[tokio::test]
async fn a_revoked_token_is_refused_by_the_gateway_within_a_second_and_its_sockets_close() {
    let vault = Vault::new();
    let (id, _, bearer) = vault.issue(&["--scopes", "run:read"]).await;
    let (_, _, staying) = vault.issue(&["--scopes", "run:read"]).await;
    let gateway = start(&vault.scratch).await;
    let socket = gateway.connect(&bearer, None).await.unwrap();
    let mut other = gateway.connect(&staying, None).await.unwrap();
    assert_eq!(get(&gateway, Some(&bearer), "/v1/runs").await.status, 200);
    let begin = Instant::now();
    vault.json(&["revoke", &id]).await;
    let closed = socket.closed().await.unwrap();
    assert_eq!(closed.code, 4001, "{closed:?}");
    assert!(begin.elapsed() < SOON, "after {:?}", begin.elapsed());
    let refused = refusal(&gateway, &bearer, "listRuns", json!({})).await;
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (401, "UNAUTHORIZED")
    );
    other.request("listRuns", json!({})).await.unwrap();
}

#[tokio::test]
async fn neither_an_id_nor_a_hash_nor_a_handle_is_a_bearer() {
    let vault = Vault::new();
    let issued = vault.json(&["issue", "--scopes", "*"]).await;
    let gateway = start(&vault.scratch).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let hash = text(&issued["grant"]["tokenHash"]);
    let handle = text(&issued["actionToken"]["handle"]);
    for presented in [
        &text(&issued["grant"]["tokenId"]),
        &hash,
        &format!("sha256:{hash}"),
        &handle,
    ] {
        let refused = refusal(&gateway, presented, "listRuns", json!({})).await;
        assert_eq!(refused.status, 401, "{presented}");
    }
}

#[tokio::test]
async fn an_entry_copied_into_the_store_of_a_deployment_admits_its_bearer_by_the_hash() {
    let vault = Vault::new();
    let (id, _, bearer) = vault.issue(&["--scopes", "run:read"]).await;
    let entry = vault.json(&["show", &id, "--store-entry"]).await;
    assert!(!entry.to_string().contains(&bearer));
    let deployment = Vault::new();
    let gateway = start(&deployment.scratch).await;
    assert_eq!(get(&gateway, Some(&bearer), "/v1/runs").await.status, 401);
    deployment.scratch.write_tokens(&entry).unwrap();
    let admitted = until("the entry to count", PATIENCE, || async {
        let answer = get(&gateway, Some(&bearer), "/v1/runs").await;
        Ok((answer.status == 200).then_some(()))
    });
    admitted.await.unwrap();
}

#[tokio::test]
async fn an_entry_written_by_hand_is_accepted_and_can_be_revoked() {
    let end = 4_000_000_000_000_u64;
    let grant = json!({"role": "operator", "scopes": ["run:read"], "userId": "user:op", "expiresAtMs": end});
    let store =
        json!({"version": 2, "tokens": {"operator-token": grant}, "actionTokens": {}, "audit": []});
    let vault = Vault::with(store.to_string().as_bytes());
    let gateway = start(&vault.scratch).await;
    assert_eq!(
        get(&gateway, Some("operator-token"), "/v1/runs")
            .await
            .status,
        200
    );
    assert_eq!(
        vault.json(&["list"]).await[0]["tokenId"],
        "0850123315d21ab9"
    );
    vault.json(&["revoke", "0850123315d21ab9"]).await;
    let refused = until("the revocation to act", PATIENCE, || async {
        let answer = get(&gateway, Some("operator-token"), "/v1/runs").await;
        Ok((answer.status == 401).then_some(()))
    });
    refused.await.unwrap();
}
