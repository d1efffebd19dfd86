//! The token store: absent, appearing, revoking, expiring.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Socket};

use crate::support::{OPERATOR, PATIENCE, get, refusal, scratch, scratch_with, start, tokens};

/// Within this a revocation acts: a second, and room for a busy machine.
const SOON: Duration = Duration::from_secs(3);
/// Close code of a socket whose grant has ended.
const GRANT_ENDED: u16 = 4001;

fn now_ms() -> u64 {
    u64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap()
}

/// Fails unless the bearer is refused, over HTTP and by a new socket.
async fn assert_refused(gateway: &Gateway, token: &str) {
    let refused = refusal(gateway, token, "listRuns", json!({})).await;
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (401, "UNAUTHORIZED")
    );
    assert_eq!(get(gateway, Some(token), "/v1/runs").await.status, 401);
    assert!(gateway.connect(token, None).await.is_err());
}

/// Waits for the end of `socket`, which must come soon after `since`.
async fn assert_closed_soon(socket: &Socket, since: Instant) {
    let closed = socket.closed().await.unwrap();
    assert_eq!(closed.code, GRANT_ENDED, "{closed:?}");
    assert!(since.elapsed() < SOON, "after {:?}", since.elapsed());
}

#[tokio::test]
async fn without_a_token_store_everything_is_refused_until_one_appears() {
    let scratch = scratch();
    std::fs::remove_file(scratch.path("tokens.json")).unwrap();
    let gateway = start(&scratch).await;
    assert_eq!(get(&gateway, None, "/health").await.status, 200);
    for token in [OPERATOR, "", "anything"] {
        assert_refused(&gateway, token).await;
    }
    scratch.write_tokens(&tokens()).unwrap();
    let admitted = until("the store to be picked up", PATIENCE, || async {
        let answer = gateway.call(OPERATOR, "listRuns", json!({})).await?;
        Ok(answer.ok())
    });
    assert_eq!(admitted.await.unwrap(), json!([]));
    gateway.connect(OPERATOR, None).await.unwrap();
}

#[tokio::test]
async fn a_revoked_token_loses_its_sockets_and_its_requests_and_others_keep_theirs() {
    let both = |revoked: Option<u64>| {
        let mut leaving = json!({ "role": "operator", "scopes": ["*"], "userId": "user:leaving" });
        if let Some(at) = revoked {
            leaving["revokedAtMs"] = json!(at);
        }
        json!({ "leaving": leaving, OPERATOR: { "role": "operator", "scopes": ["*"], "userId": "user:op" } })
    };
    let scratch = scratch_with(&both(None));
    let gateway = start(&scratch).await;
    let leaving = gateway.connect("leaving", None).await.unwrap();
    let mut staying = gateway.connect(OPERATOR, None).await.unwrap();
    let revoked = Instant::now();
    scratch.write_tokens(&both(Some(now_ms()))).unwrap();
    assert_closed_soon(&leaving, revoked).await;
    assert_refused(&gateway, "leaving").await;
    staying.request("listRuns", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_token_taken_out_of_the_store_loses_its_sockets() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let socket = gateway.connect(OPERATOR, None).await.unwrap();
    let removed = Instant::now();
    scratch.write_tokens(&json!({})).unwrap();
    assert_closed_soon(&socket, removed).await;
    assert_refused(&gateway, OPERATOR).await;
}

#[tokio::test]
async fn a_token_that_expires_loses_its_sockets_and_its_requests() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let expires_at = now_ms() + 3_000;
    let grant = json!({ "role": "operator", "scopes": ["*"], "expiresAtMs": expires_at });
    scratch.write_tokens(&json!({ "short": grant })).unwrap();
    let connected = until("the new token to be admitted", PATIENCE, || async {
        Ok(gateway.connect("short", None).await.ok())
    });
    let socket = connected.await.unwrap();
    let closed = socket.closed().await.unwrap();
    let now = now_ms();
    assert_eq!(closed.code, GRANT_ENDED, "{closed:?}");
    assert!(now >= expires_at, "{} ms too early", expires_at - now);
    assert!(Duration::from_millis(now - expires_at) < SOON);
    assert_refused(&gateway, "short").await;
}

#[tokio::test]
async fn a_store_that_cannot_be_read_admits_nobody_new_and_revives_nobody() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let store = scratch.path("tokens.json");
    let draft = scratch.path("tokens.json.half");
    let half: &[u8] =
        br#"{"version": 2, "tokens": {"new-token": {"role": "operator", "scopes": ["*"]"#;
    std::fs::write(&draft, half).unwrap();
    std::fs::rename(&draft, &store).unwrap();
    let noticed = until("the log to say so", PATIENCE, || async {
        Ok(crate::support::log(&scratch)
            .contains("token store is refused")
            .then_some(()))
    });
    noticed.await.unwrap();
    assert_refused(&gateway, "new-token").await;
    let runs: Value = gateway
        .expect(OPERATOR, "listRuns", json!({}))
        .await
        .unwrap();
    assert_eq!(runs, json!([]));
}
