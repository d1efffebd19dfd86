//! Who does something too often is refused with 429 and told how long to wait.

use serde_json::{Value, json};
use smithers_testkit::http::{Request, Response, exchange};
use smithers_testkit::{Gateway, Scratch, Socket};

use crate::support::{
    OPERATOR, READER, get, launch, run, scratch, scratch_with, start, tokens, wait_for,
};

const FAILED_AUTH: &str = "SMITHERS_LIMIT_FAILED_AUTH_PER_MINUTE";
const FAILED_AUTH_TOTAL: &str = "SMITHERS_LIMIT_FAILED_AUTH_TOTAL_PER_MINUTE";
const REQUESTS: &str = "SMITHERS_LIMIT_REQUESTS_PER_MINUTE";
const LAUNCHES: &str = "SMITHERS_LIMIT_LAUNCHES_PER_MINUTE";
const APPROVALS: &str = "SMITHERS_LIMIT_APPROVALS_PER_MINUTE";

/// A gateway with limits so low that nothing comes back to life during a test.
fn scratch_limited(limits: &[(&str, &str)]) -> Scratch {
    let mut scratch = scratch();
    for (name, value) in limits {
        scratch.set(name, *value);
    }
    scratch
}

/// Lists runs as the holder of `token`, from behind a proxy that says `forwarded_for`.
async fn list_from(gateway: &Gateway, token: &str, forwarded_for: &str) -> Response {
    let request = Request {
        method: "GET".into(),
        path: "/v1/runs".into(),
        headers: vec![
            ("authorization".into(), format!("Bearer {token}")),
            ("x-forwarded-for".into(), forwarded_for.into()),
        ],
        body: None,
    };
    exchange(gateway.address(), &request).await.unwrap()
}

fn assert_too_many(response: &Response, scope: &str, limit: u32) {
    assert_eq!(response.status, 429);
    let error = response.json().unwrap()["error"].clone();
    assert_eq!(error["code"], "RateLimited", "{error}");
    assert_eq!(
        (&error["scope"], &error["limit"]),
        (&json!(scope), &json!(limit))
    );
    let header = response.header("retry-after").expect("Retry-After is sent");
    let seconds: u64 = header.parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let wait_ms = error["retryAfterMs"].as_u64().unwrap();
    assert!(
        wait_ms.div_ceil(1_000) == seconds,
        "{wait_ms} ms, {seconds} s"
    );
    assert_eq!(response.header("x-smithers-api-version"), Some("v1"));
}

/// Sends a request over a socket that must be refused, and returns the error.
async fn refused_over(socket: &mut Socket, method: &str, params: Value) -> Value {
    let frame = json!({ "type": "req", "id": "refused", "method": method, "params": params });
    socket.send(&frame).await.unwrap();
    let answer = socket
        .find("the refusal", |frame| frame["id"] == "refused")
        .await;
    let answer = answer.unwrap();
    assert_eq!(answer["ok"], false, "{answer}");
    answer["error"].clone()
}

#[tokio::test]
async fn the_limits_are_those_of_the_contract_unless_set() {
    let mut scratch = scratch();
    let expected = [
        (FAILED_AUTH, "10"),
        (FAILED_AUTH_TOTAL, "300"),
        (REQUESTS, "600"),
        (LAUNCHES, "60"),
        (APPROVALS, "60"),
    ];
    expected.iter().for_each(|(name, _)| scratch.unset(name));
    let ended = run(&scratch, &["config", "show", "--json"]).await;
    let entries: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    for (name, value) in expected {
        let entry = entries.iter().find(|entry| entry["name"] == name).unwrap();
        assert_eq!(entry["value"], value, "{name}");
    }
}

#[tokio::test]
async fn failed_authentication_ends_in_429_with_retry_after_that_tells_nothing_about_the_token() {
    let scratch = scratch_limited(&[(FAILED_AUTH, "3")]);
    let gateway = start(&scratch).await;
    let mut open = gateway.connect(OPERATOR, None).await.unwrap();
    let mut not_connected = Socket::open(gateway.address(), "/", &[]).await.unwrap();
    for attempt in 0..3 {
        let refused = get(&gateway, Some("wrong"), "/v1/runs").await;
        assert_eq!(refused.status, 401, "attempt {attempt}");
    }
    let mut bodies = Vec::new();
    for token in ["wrong", "other", OPERATOR] {
        let refused = get(&gateway, Some(token), "/v1/runs").await;
        assert_too_many(&refused, "authentication", 3);
        let mut body = refused.json().unwrap();
        body["error"]["retryAfterMs"].take();
        bodies.push(body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    for path in ["/metrics", "/v1/runs/r1"] {
        let refused = get(&gateway, Some("wrong"), path).await;
        assert_too_many(&refused, "authentication", 3);
    }
    let upgrade = Socket::open(gateway.address(), "/", &[]).await;
    let refused = upgrade.map(drop).unwrap_err();
    assert!(format!("{refused:#}").contains("429"), "{refused:#}");
    let connect = json!({
        "minProtocol": 1, "maxProtocol": 1, "auth": { "token": OPERATOR },
        "client": { "id": "it", "version": "1", "platform": "test" },
    });
    let error = refused_over(&mut not_connected, "connect", connect).await;
    assert_eq!(error["code"], "RateLimited", "{error}");
    assert_eq!(not_connected.closed().await.unwrap().code, 1008);

    assert_eq!(
        get(&gateway, None, "/v1/runs").await.status,
        401,
        "no token is no guess"
    );
    assert_eq!(get(&gateway, None, "/health").await.status, 200);
    open.request("listRuns", json!({})).await.unwrap();
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_attempts() {
    let scratch = scratch_limited(&[
        (FAILED_AUTH, "1"),
        ("SMITHERS_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let gateway = start(&scratch).await;
    assert_eq!(
        list_from(&gateway, "wrong", "198.51.100.1").await.status,
        401
    );
    let again = list_from(&gateway, OPERATOR, "198.51.100.1").await;
    assert_too_many(&again, "authentication", 1);
    let forged = list_from(&gateway, OPERATOR, "198.51.100.9, 198.51.100.1").await;
    assert_too_many(&forged, "authentication", 1);
    assert_eq!(
        list_from(&gateway, OPERATOR, "198.51.100.2").await.status,
        200
    );
}

#[tokio::test]
async fn a_client_that_no_proxy_vouches_for_does_not_choose_its_address() {
    let scratch = scratch_limited(&[(FAILED_AUTH, "1")]);
    let gateway = start(&scratch).await;
    assert_eq!(
        list_from(&gateway, "wrong", "198.51.100.1").await.status,
        401
    );
    let other = list_from(&gateway, "wrong", "198.51.100.2").await;
    assert_too_many(&other, "authentication", 1);
}

#[tokio::test]
async fn failures_from_many_addresses_close_the_gate_for_strangers_and_not_for_known_clients() {
    let scratch = scratch_limited(&[
        (FAILED_AUTH_TOTAL, "3"),
        ("SMITHERS_TRUSTED_PROXIES", "127.0.0.0/8"),
    ]);
    let gateway = start(&scratch).await;
    assert_eq!(list_from(&gateway, OPERATOR, "192.0.2.1").await.status, 200);
    for client in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        assert_eq!(list_from(&gateway, "wrong", client).await.status, 401);
    }
    let stranger = list_from(&gateway, OPERATOR, "198.51.100.4").await;
    assert_too_many(&stranger, "authentication", 3);
    assert_eq!(list_from(&gateway, OPERATOR, "192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn a_revoked_token_that_is_used_on_and_on_is_slowed_down_and_its_neighbours_are_not() {
    let mut grants = tokens();
    grants["gone"] = json!({ "role": "operator", "scopes": ["*"], "revokedAtMs": 1 });
    let mut scratch = scratch_with(&grants);
    scratch.set(FAILED_AUTH, "2");
    let gateway = start(&scratch).await;
    for _ in 0..2 {
        assert_eq!(get(&gateway, Some("gone"), "/v1/runs").await.status, 401);
    }
    let refused = get(&gateway, Some("gone"), "/v1/runs").await;
    assert_too_many(&refused, "authentication", 2);
    assert_eq!(get(&gateway, Some(OPERATOR), "/v1/runs").await.status, 200);
}

#[tokio::test]
async fn a_token_makes_so_many_requests_a_minute_over_http_and_sockets_together() {
    let scratch = scratch_limited(&[(REQUESTS, "5")]);
    let gateway = start(&scratch).await;
    let mut socket = gateway.connect(OPERATOR, None).await.unwrap();
    for _ in 0..2 {
        assert_eq!(get(&gateway, Some(OPERATOR), "/v1/runs").await.status, 200);
        socket.request("listRuns", json!({})).await.unwrap();
    }
    let refused = get(&gateway, Some(OPERATOR), "/v1/runs").await;
    assert_too_many(&refused, "requests", 5);
    let error = refused_over(&mut socket, "listRuns", json!({})).await;
    assert_eq!(
        (&error["code"], &error["scope"]),
        (&json!("RateLimited"), &json!("requests"))
    );
    assert!(error["retryAfterMs"].as_u64().unwrap() > 0, "{error}");
    assert_eq!(get(&gateway, Some(READER), "/v1/runs").await.status, 200);
}

#[tokio::test]
async fn launches_and_approvals_have_limits_of_their_own() {
    let scratch = scratch_limited(&[(LAUNCHES, "2"), (APPROVALS, "1")]);
    let gateway = start(&scratch).await;
    let mut socket = gateway.connect(OPERATOR, None).await.unwrap();
    launch(&gateway, "gate", "r1", json!({})).await;
    let second = json!({ "workflow": "gate", "options": { "runId": "r2" } });
    socket.request("launchRun", second).await.unwrap();
    let third = json!({ "workflow": "gate", "options": { "runId": "r3" } });
    let error = refused_over(&mut socket, "runs.create", third).await;
    assert_eq!(
        (&error["scope"], &error["limit"]),
        (&json!("launches"), &json!(2))
    );
    for id in ["r1", "r2"] {
        wait_for(&gateway, id, "waiting-approval").await;
    }
    crate::support::approve(&gateway, "r1").await.unwrap();
    let refused = crate::support::approve(&gateway, "r2").await.unwrap_err();
    assert!(format!("{refused:#}").contains("429"), "{refused:#}");
    wait_for(&gateway, "r2", "waiting-approval").await;
    let known = gateway
        .call(OPERATOR, "getRun", json!({ "runId": "r3" }))
        .await;
    assert_eq!(
        known.unwrap().unwrap_err().status,
        404,
        "what was refused was not done"
    );

    let metrics = get(&gateway, Some(OPERATOR), "/metrics").await;
    let text = String::from_utf8(metrics.body).unwrap();
    for line in [
        r#"smithers_gateway_rate_limited_total{scope="launches",transport="websocket"} 1"#,
        r#"smithers_gateway_rate_limited_total{scope="approvals",transport="http"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}
