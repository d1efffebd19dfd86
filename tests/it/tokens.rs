//! The token store: absent, appearing, revoking, expiring.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Scratch, Socket};

use crate::support::{
    OPERATOR, PATIENCE, READER, database, get, log, refusal, scratch, scratch_with, start, tokens,
};

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

/// Replaces the store by a text that is none.
fn break_store(scratch: &Scratch) {
    let draft = scratch.path("tokens.json.half");
    let half: &[u8] =
        br#"{"version": 2, "tokens": {"new-token": {"role": "operator", "scopes": ["*"]"#;
    std::fs::write(&draft, half).unwrap();
    std::fs::rename(&draft, scratch.path("tokens.json")).unwrap();
}

/// Waits until `/metrics` has `line`.
async fn wait_for_metric(gateway: &Gateway, line: &str) {
    let found = until(line, PATIENCE, || async {
        let served = get(gateway, Some(OPERATOR), "/metrics").await;
        let text = String::from_utf8(served.body).unwrap();
        Ok(text.lines().any(|other| other == line).then_some(()))
    });
    found.await.unwrap();
}

#[tokio::test]
async fn a_broken_store_keeps_the_last_good_state_admits_nobody_new_and_raises_a_metric_and_one_log_line()
 {
    let both = json!({
        OPERATOR: { "role": "operator", "scopes": ["*"] },
        "revoked": { "role": "operator", "scopes": ["*"], "revokedAtMs": 1 },
    });
    let mut scratch = scratch_with(&both);
    scratch.set("SMITHERS_LOG", "info");
    let gateway = start(&scratch).await;
    wait_for_metric(&gateway, "smithers_token_store_state{state=\"ok\"} 1").await;
    break_store(&scratch);
    wait_for_metric(&gateway, "smithers_token_store_state{state=\"refused\"} 1").await;
    wait_for_metric(
        &gateway,
        "smithers_token_store_reloads_total{outcome=\"refused\"} 1",
    )
    .await;
    for token in ["new-token", "revoked"] {
        assert_refused(&gateway, token).await;
    }
    let runs: Value = gateway
        .expect(OPERATOR, "listRuns", json!({}))
        .await
        .unwrap();
    assert_eq!(runs, json!([]));
    // The watcher has looked again by the time that a hangup is through.
    gateway.signal("HUP").await.unwrap();
    let heard = until("the hangup to be heard", PATIENCE, || async {
        Ok(log(&scratch).contains("SIGHUP").then_some(()))
    });
    heard.await.unwrap();
    let lines = log(&scratch);
    let told = lines.matches("the token store is refused").count();
    assert_eq!(told, 1, "{lines}");

    scratch.write_tokens(&both).unwrap();
    wait_for_metric(&gateway, "smithers_token_store_state{state=\"ok\"} 1").await;
    assert_refused(&gateway, "revoked").await;
}

#[tokio::test]
async fn a_hangup_reads_the_store_again_at_once_and_ends_nothing() {
    let mut scratch = scratch();
    scratch.set("SMITHERS_LOG", "info");
    let gateway = start(&scratch).await;
    let socket = gateway.connect(OPERATOR, None).await.unwrap();
    let mut staying = gateway.connect(READER, None).await.unwrap();
    let hung_up = Instant::now();
    let mut left = tokens();
    left[OPERATOR]["revokedAtMs"] = json!(now_ms());
    scratch.write_tokens(&left).unwrap();
    gateway.signal("HUP").await.unwrap();
    assert_closed_soon(&socket, hung_up).await;
    staying.request("listRuns", json!({})).await.unwrap();
    assert_refused(&gateway, OPERATOR).await;
}

#[tokio::test]
async fn tokens_that_come_go_and_are_used_and_failed_logins_are_in_the_audit_trail() {
    let mut grants = tokens();
    grants["leaving"] = json!({ "role": "operator", "scopes": ["*"], "userId": "user:leaving" });
    let scratch = scratch_with(&grants);
    let gateway = start(&scratch).await;
    for _ in 0..2 {
        assert_eq!(get(&gateway, Some(OPERATOR), "/v1/runs").await.status, 200);
    }
    gateway.connect(READER, None).await.unwrap();
    let presented = "smithers_guess_0123456789abcdef0123456789abcdef";
    for _ in 0..3 {
        assert_eq!(get(&gateway, Some(presented), "/v1/runs").await.status, 401);
    }
    get(&gateway, None, "/v1/runs").await;
    let mut after = tokens();
    after["coming"] = json!({ "role": "viewer", "scopes": ["run:read"] });
    after[READER]["revokedAtMs"] = json!(now_ms());
    scratch.write_tokens(&after).unwrap();
    gateway.signal("HUP").await.unwrap();
    // Until the store has been read again, the new token fails as any unknown one does.
    let too_early = Cell::new(0);
    let admitted = until("the new token to be admitted", PATIENCE, || async {
        let answer = get(&gateway, Some("coming"), "/v1/runs").await;
        let is_admitted = answer.status == 200;
        too_early.set(too_early.get() + u32::from(!is_admitted));
        Ok(is_admitted.then_some(()))
    });
    admitted.await.unwrap();
    assert_eq!(gateway.stop().await.unwrap(), Some(0));

    let database = database(&scratch);
    let sql = "SELECT concat_ws(' ', kind, outcome, channel, coalesce(actor_id, '-'), coalesce(subject, '-')), detail_json
               FROM _smithers_audit WHERE kind IN ('token', 'login-failures') ORDER BY seq";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(String, String)> = rows.unwrap().map(Result::unwrap).collect();
    let mut told: Vec<&str> = rows.iter().map(|(row, _)| row.as_str()).collect();
    told.sort_unstable();
    let id = |bearer: &str| {
        let fingerprint = smithers_tokens::Fingerprint::of(bearer).unwrap();
        fingerprint.token_id()
    };
    let mut expected = vec![
        format!("token first-use http user:op {}", id(OPERATOR)),
        format!("token first-use websocket user:reader {}", id(READER)),
        format!("token first-use http - {}", id("coming")),
        format!("token removed gateway user:leaving {}", id("leaving")),
        format!("token revoked gateway user:reader {}", id(READER)),
        format!("token added gateway - {}", id("coming")),
        "login-failures refused gateway - loopback".into(),
    ];
    expected.sort_unstable();
    assert_eq!(told, expected);
    let failures = rows
        .iter()
        .find(|(row, _)| row.starts_with("login-failures"));
    let detail: Value = serde_json::from_str(&failures.unwrap().1).unwrap();
    let unknown = 3 + too_early.get();
    assert_eq!(
        detail["outcomes"],
        json!({ "unknown": unknown }),
        "{detail}"
    );
    assert!(
        rows.iter()
            .all(|(row, detail)| !format!("{row}{detail}").contains("guess"))
    );
}
