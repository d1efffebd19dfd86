//! What the HTTP surface answers, whatever it is asked.

use std::time::{Duration, Instant};

use serde_json::json;
use smithers_testkit::http::{Request, exchange};

use crate::support::{OPERATOR, READER, approve, get, launch, raw, scratch, send, start, wait_for};

#[tokio::test]
async fn every_response_carries_x_smithers_api_version_v1() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let too_large = "x".repeat(1_048_577);
    let post = |path, token, body| send(&gateway, "POST", path, token, body);
    let cases = [
        (get(&gateway, None, "/health").await, 200),
        (get(&gateway, None, "/workflows").await, 200),
        (get(&gateway, None, "/").await, 200),
        (get(&gateway, None, "/nowhere").await, 404),
        (get(&gateway, None, "/v1/api/nowhere").await, 404),
        (get(&gateway, None, "/%zz").await, 400),
        (get(&gateway, None, "/v1/runs").await, 401),
        (get(&gateway, Some("wrong"), "/v1/runs").await, 401),
        (get(&gateway, None, "/metrics").await, 401),
        (get(&gateway, Some(READER), "/metrics").await, 403),
        (get(&gateway, Some(READER), "/v1/runs/unknown").await, 404),
        (post("/v1/rpc/listRuns", None, Some("{}")).await, 401),
        (
            post("/v1/rpc/listRuns", Some(READER), Some("{}")).await,
            200,
        ),
        (post("/v1/rpc/listRuns", Some(READER), Some("{")).await, 400),
        (post("/v1/rpc/nothing", Some(READER), Some("{}")).await, 404),
        (
            post("/v1/rpc/launchRun", Some(READER), Some("{}")).await,
            403,
        ),
        (
            post("/v1/rpc/launchRun", Some(OPERATOR), Some(&too_large)).await,
            413,
        ),
        (send(&gateway, "DELETE", "/health", None, None).await, 404),
    ];
    for (n, (response, status)) in cases.iter().enumerate() {
        assert_eq!(response.status, *status, "case {n}");
        assert_eq!(
            response.header("x-smithers-api-version"),
            Some("v1"),
            "case {n}, status {status}"
        );
    }
}

#[tokio::test]
async fn a_malformed_percent_escape_is_a_400_and_not_the_end_of_the_gateway() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    for path in ["/v1/rpc/%zz", "/v1/runs/%", "/v1/runs/%ff", "/%2"] {
        let response = send(&gateway, "POST", path, Some(OPERATOR), Some("{}")).await;
        assert_eq!(response.status, 400, "{path}");
        assert_eq!(
            response.json().unwrap()["error"]["code"],
            "INVALID_REQUEST",
            "{path}"
        );
    }
    let escaped = send(
        &gateway,
        "POST",
        "/v1/rpc/list%52uns",
        Some(OPERATOR),
        Some("{}"),
    )
    .await;
    assert_eq!(escaped.status, 200);
}

#[tokio::test]
async fn head_and_options_are_not_found_on_every_route() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    for path in [
        "/health",
        "/metrics",
        "/v1/runs",
        "/v1/rpc/listRuns",
        "/",
        "/nowhere",
    ] {
        for method in ["HEAD", "OPTIONS"] {
            let response = send(&gateway, method, path, Some(OPERATOR), None).await;
            assert_eq!(response.status, 404, "{method} {path}");
            assert_eq!(
                response.header("x-smithers-api-version"),
                Some("v1"),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn an_oversized_content_length_is_refused_before_the_body_comes() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let request = Request {
        method: "POST".into(),
        path: "/v1/rpc/launchRun".into(),
        headers: vec![
            ("authorization".into(), format!("Bearer {OPERATOR}")),
            ("content-length".into(), "1048577".into()),
        ],
        body: None,
    };
    let asked = Instant::now();
    let response = exchange(gateway.address(), &request).await.unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(response.json().unwrap()["error"]["code"], "PayloadTooLarge");
    // The request deadline would answer after a minute, and with another status.
    assert!(asked.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn the_list_of_runs_is_filtered_by_limit_status_and_workflow() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    for (workflow, run) in [
        ("chain", "c1"),
        ("chain", "c2"),
        ("gate", "g1"),
        ("gate", "g2"),
    ] {
        launch(&gateway, workflow, run, json!({})).await;
    }
    for run in ["g1", "g2"] {
        wait_for(&gateway, run, "waiting-approval").await;
    }
    approve(&gateway, "g1").await.unwrap();
    for run in ["c1", "c2", "g1"] {
        wait_for(&gateway, run, "finished").await;
    }
    let cases = [
        ("", vec!["c1", "c2", "g1", "g2"]),
        ("?status=finished", vec!["c1", "c2", "g1"]),
        ("?status=waiting-approval", vec!["g2"]),
        ("?workflow=gate", vec!["g1", "g2"]),
        ("?workflow=gate&status=finished", vec!["g1"]),
        ("?workflow=nope", vec![]),
        ("?status=nope", vec![]),
    ];
    for (query, expected) in cases {
        let response = get(&gateway, Some(READER), &format!("/v1/runs{query}")).await;
        let body = response.json().unwrap();
        assert_eq!(
            (response.status, &body["ok"]),
            (200, &json!(true)),
            "{query}"
        );
        let mut runs: Vec<&str> = body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["runId"].as_str().unwrap())
            .collect();
        runs.sort_unstable();
        assert_eq!(runs, expected, "{query}");
    }
    let newest = get(&gateway, Some(READER), "/v1/runs?limit=1")
        .await
        .json()
        .unwrap();
    assert_eq!(newest["data"].as_array().unwrap().len(), 1);
    assert_eq!(newest["data"][0]["runId"], "g2", "the newest comes first");
}

#[tokio::test]
async fn a_bad_limit_is_a_400_that_says_what_is_accepted() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    for limit in ["0", "-1", "many", "1.5", "NaN"] {
        let response = get(&gateway, Some(READER), &format!("/v1/runs?limit={limit}")).await;
        assert_eq!(response.status, 400, "{limit}");
        let body = response.json().unwrap();
        assert_eq!(body["error"]["code"], "INVALID_INPUT", "{limit}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("limit must be"), "{limit}: {message}");
    }
}

#[tokio::test]
async fn x_smithers_api_version_v1_is_on_timeouts_rate_limits_parser_refusals_and_upgrades_too() {
    let mut scratch = scratch();
    scratch.set("SMITHERS_GATEWAY_HEADERS_TIMEOUT_MS", "500");
    scratch.set("SMITHERS_GATEWAY_REQUEST_TIMEOUT_MS", "1000");
    scratch.set("SMITHERS_LIMIT_REQUESTS_PER_MINUTE", "1");
    let gateway = start(&scratch).await;
    let upgrade = |headers: &str| {
        let connection = "connection: upgrade\r\nupgrade: websocket\r\n";
        format!("GET / HTTP/1.1\r\nhost: h\r\n{connection}{headers}\r\n")
    };
    let authorised = format!("authorization: Bearer {READER}\r\nconnection: close\r\n");
    let list = format!("GET /v1/runs HTTP/1.1\r\nhost: h\r\n{authorised}\r\n");
    let long = "y".repeat(200_000);
    let body = "POST /v1/rpc/listRuns HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n";
    let cases = [
        (list.clone(), 200),
        (list, 429),
        ("GET /health HTTP/1.1\r\nhost: h\r\n".to_owned(), 408),
        (
            format!("{body}authorization: Bearer {OPERATOR}\r\n\r\n{{"),
            408,
        ),
        ("GET /health HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("\x16\x03\x01 no request\r\n\r\n".to_owned(), 400),
        (format!("GET /health HTTP/1.1\r\nhost: h\r\nx: {long}"), 431),
        (
            upgrade("sec-websocket-version: 8\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            426,
        ),
        (upgrade("sec-websocket-version: 13\r\n"), 400),
    ];
    for (request, status) in cases {
        let answer = raw(&gateway, request.as_bytes()).await;
        let (head, _) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let head = head.to_ascii_lowercase();
        let shown = &request[..request.len().min(60)];
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{shown:?}: {answer}"
        );
        assert!(
            head.contains("x-smithers-api-version: v1"),
            "{shown:?}: {answer}"
        );
    }
}
