//! The access log of a gateway: who asked for what, and what it was answered.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use smithers_model::Timestamp;
use smithers_testkit::http::{Request, Response, exchange};
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, PATIENCE, READER, get, log, raw, run, scratch, start, wait_for};

/// A gateway that writes its access log into a file.
fn scratch_logged() -> Scratch {
    let mut scratch = scratch();
    let path = scratch.path("access.log").display().to_string();
    scratch.set("SMITHERS_ACCESS_LOG", path);
    scratch
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let parsed = text.lines().map(|line| serde_json::from_str(line).unwrap());
    parsed.collect()
}

fn line_of(lines: &[Value], request: &str) -> Value {
    let found: Vec<&Value> = lines
        .iter()
        .filter(|line| line["requestId"] == request)
        .collect();
    assert_eq!(found.len(), 1, "{request}: {found:#?}");
    found[0].clone()
}

async fn ask(
    gateway: &Gateway,
    id: &str,
    method: &str,
    path: &str,
    more: &[(&str, &str)],
) -> Response {
    let mut headers = vec![("x-request-id".to_owned(), id.to_owned())];
    headers.extend(
        more.iter()
            .map(|(name, value)| ((*name).into(), (*value).into())),
    );
    let request = Request {
        method: method.into(),
        path: path.into(),
        headers,
        body: (method == "POST")
            .then(|| br#"{"workflow":"chain","input":{"text":"body-secret"}}"#.to_vec()),
    };
    exchange(gateway.address(), &request).await.unwrap()
}

#[tokio::test]
async fn every_http_request_leaves_one_line_with_its_particulars_and_nothing_of_its_content() {
    let scratch = scratch_logged();
    let gateway = start(&scratch).await;
    let operator = ("authorization", "Bearer operator-token");
    let launched = ask(&gateway, "launch", "POST", "/v1/rpc/launchRun", &[operator]).await;
    let launched = launched.json().unwrap()["payload"]["runId"]
        .as_str()
        .unwrap()
        .to_owned();
    wait_for(&gateway, &launched, "finished").await;
    let query = "/v1/runs?status=finished&token=query-secret";
    let forwarded = ("x-forwarded-for", "198.51.100.7");
    ask(
        &gateway,
        "list",
        "GET",
        query,
        &[operator, forwarded, ("x-mine", "header-secret")],
    )
    .await;
    ask(
        &gateway,
        "run",
        "GET",
        &format!("/v1/runs/{launched}"),
        &[operator],
    )
    .await;
    ask(
        &gateway,
        "wrong",
        "GET",
        "/v1/runs",
        &[("authorization", "Bearer guess-secret")],
    )
    .await;
    ask(&gateway, "nowhere", "GET", "/no/where/path-secret", &[]).await;
    ask(
        &gateway,
        "made-up",
        "POST",
        "/v1/rpc/method.secret",
        &[operator],
    )
    .await;
    ask(&gateway, "health", "BREW", "/health", &[]).await;
    assert_eq!(gateway.stop().await.unwrap(), Some(0));

    let path = scratch.path("access.log");
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in [
        "query-secret",
        "header-secret",
        "body-secret",
        "guess-secret",
        "path-secret",
        "method.secret",
        OPERATOR,
    ] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    let lines = lines(&path);
    let expect = |request: &str, members: Value| {
        let line = line_of(&lines, request);
        for (name, value) in members.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name} of {line}");
        }
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line["durationMs"].as_f64().unwrap() > 0.0, "{line}");
        assert!(line["bytes"].as_u64().unwrap() > 0, "{line}");
        assert_eq!(
            (&line["transport"], &line["remote"]),
            (&json!("http"), &json!("127.0.0.1"))
        );
    };
    let operator_id = "0850123315d21ab9";
    expect(
        "launch",
        json!({
            "method": "POST", "route": "/v1/rpc/{method}", "rpcMethod": "launchRun", "status": 200, "outcome": "ok",
            "tokenId": operator_id, "userId": "user:op", "runId": launched,
        }),
    );
    expect(
        "list",
        json!({
            "method": "GET", "route": "/v1/runs", "rpcMethod": null, "status": 200, "outcome": "ok",
            "tokenId": operator_id, "runId": null,
        }),
    );
    expect(
        "run",
        json!({ "route": "/v1/runs/{run}", "status": 200, "runId": launched }),
    );
    expect(
        "wrong",
        json!({
            "route": "/v1/runs", "status": 401, "outcome": "UNAUTHORIZED", "tokenId": null, "userId": null,
        }),
    );
    expect("nowhere", json!({ "route": null, "status": 404 }));
    expect(
        "made-up",
        json!({ "rpcMethod": "unknown", "status": 404, "outcome": "METHOD_NOT_FOUND" }),
    );
    expect(
        "health",
        json!({ "method": "other", "route": null, "status": 404 }),
    );
}

#[tokio::test]
async fn what_the_parser_refuses_and_what_comes_too_late_leaves_a_line_too() {
    let mut scratch = scratch_logged();
    scratch.set("SMITHERS_GATEWAY_HEADERS_TIMEOUT_MS", "500");
    scratch.set("SMITHERS_GATEWAY_REQUEST_TIMEOUT_MS", "800");
    let gateway = start(&scratch).await;
    let body = "POST /v1/rpc/listRuns HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n";
    let late_body = format!("{body}authorization: Bearer {READER}\r\n\r\n{{");
    let long = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}", "y".repeat(200_000));
    for request in [
        "no request at all\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\n",
        &late_body,
        &long,
    ] {
        raw(&gateway, request.as_bytes()).await;
    }
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    let lines = lines(&scratch.path("access.log"));
    let told = lines.iter().map(|line| {
        assert_eq!(line["remote"], "127.0.0.1");
        json!([line["status"], line["method"], line["userId"]])
    });
    let expected = [
        json!([400, null, null]),
        json!([408, null, null]),
        json!([408, "POST", "user:reader"]),
        json!([431, null, null]),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn logs_are_retained_long_enough_to_investigate_delayed_failures() {
    let mut scratch = scratch_logged();
    let keep = "SMITHERS_ACCESS_LOG_KEEP_DAYS";
    scratch.set(keep, "29");
    let refused = run(&scratch, &["config", "check"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("30 to"), "{refused:?}");
    scratch.unset(keep);
    let days_ago = |days: u64| {
        let then = SystemTime::now() - Duration::from_secs(days * 86_400);
        let since = then.duration_since(UNIX_EPOCH).unwrap().as_millis();
        let iso = Timestamp(since.try_into().unwrap()).to_iso();
        let digits: String = iso
            .chars()
            .filter(|letter| letter.is_ascii_digit())
            .collect();
        scratch.path(&format!("access.log.{}T{}Z", &digits[..8], &digits[8..14]))
    };
    let (kept, gone) = (days_ago(29), days_ago(31));
    for part in [&kept, &gone] {
        std::fs::write(part, "{}\n").unwrap();
    }
    let gateway = start(&scratch).await;
    assert!(kept.exists() && !gone.exists());
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
}

#[tokio::test]
async fn every_request_frame_of_a_socket_leaves_one_line_beside_that_of_the_socket() {
    let scratch = scratch_logged();
    let gateway = start(&scratch).await;
    let mut socket = gateway.connect(READER, None).await.unwrap();
    socket.request("listRuns", json!({})).await.unwrap();
    socket
        .request("getRun", json!({ "runId": "nobody" }))
        .await
        .unwrap_err();
    socket
        .request("launchRun", json!({ "workflow": "chain" }))
        .await
        .unwrap_err();
    socket.send_text("no frame".into()).await.unwrap();
    socket
        .find("the answer", |frame| frame["id"] == "invalid")
        .await
        .unwrap();
    let wrong = gateway.connect("wrong", None).await;
    assert!(wrong.is_err());
    assert_eq!(gateway.stop().await.unwrap(), Some(0));

    let lines = lines(&scratch.path("access.log"));
    let sockets: Vec<&Value> = lines.iter().filter(|line| line["status"] == 101).collect();
    assert_eq!(sockets.len(), 2, "{lines:#?}");
    assert!(
        sockets.iter().all(|line| line["route"] == "/*"),
        "{sockets:#?}"
    );
    let frames: Vec<&Value> = lines
        .iter()
        .filter(|line| line["transport"] == "websocket")
        .collect();
    let seen: Vec<Value> = frames
        .iter()
        .map(|line| {
            json!([
                line["rpcMethod"],
                line["status"],
                line["outcome"],
                line["userId"],
                line["runId"]
            ])
        })
        .collect();
    let reader = "user:reader";
    assert_eq!(
        seen,
        [
            json!(["connect", 200, "ok", reader, null]),
            json!(["listRuns", 200, "ok", reader, null]),
            json!(["getRun", 404, "NOT_FOUND", reader, "nobody"]),
            json!(["launchRun", 403, "FORBIDDEN", reader, null]),
            json!([null, 400, "INVALID_INPUT", reader, null]),
            json!(["connect", 401, "UNAUTHORIZED", null, null]),
        ]
    );
    for frame in frames {
        let connection = &frame["connectionId"];
        assert!(
            sockets
                .iter()
                .any(|socket| socket["requestId"] == *connection),
            "{frame}"
        );
        assert_eq!(frame["remote"], "127.0.0.1");
        assert!(frame["bytes"].as_u64().unwrap() > 0, "{frame}");
    }
}

#[tokio::test]
async fn the_client_behind_a_trusted_proxy_is_the_one_that_is_recorded() {
    let mut scratch = scratch_logged();
    scratch.set("SMITHERS_TRUSTED_PROXIES", "127.0.0.1");
    let gateway = start(&scratch).await;
    let forged = ("x-forwarded-for", "203.0.113.1, 198.51.100.7");
    ask(&gateway, "forwarded", "GET", "/health", &[forged]).await;
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    let lines = lines(&scratch.path("access.log"));
    assert_eq!(line_of(&lines, "forwarded")["remote"], "198.51.100.7");
}

#[tokio::test]
async fn a_hangup_begins_a_file_that_was_moved_anew() {
    let scratch = scratch_logged();
    let gateway = start(&scratch).await;
    ask(&gateway, "before", "GET", "/health", &[]).await;
    let (log, moved) = (scratch.path("access.log"), scratch.path("moved.log"));
    let written = |path: &Path, id: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.contains(id).then_some(())
    };
    let before = || async { Ok(written(&log, "before")) };
    until("the first line", PATIENCE, before).await.unwrap();
    std::fs::rename(&log, &moved).unwrap();
    gateway.signal("HUP").await.unwrap();
    let anew = || async { Ok(log.exists().then_some(())) };
    until("the file to be there again", PATIENCE, anew)
        .await
        .unwrap();
    ask(&gateway, "after", "GET", "/health", &[]).await;
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    assert_eq!(line_of(&lines(&log), "after")["status"], 200);
    assert!(written(&moved, "after").is_none());
}

#[tokio::test]
async fn a_log_that_grows_is_moved_aside_and_no_line_is_lost() {
    let mut scratch = scratch_logged();
    scratch.set("SMITHERS_ACCESS_LOG_MAX_BYTES", "4096");
    let gateway = start(&scratch).await;
    for n in 0..40 {
        ask(&gateway, &format!("n{n}"), "GET", "/health", &[]).await;
    }
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    let folder = scratch.path("");
    let parts = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let parts: Vec<_> = parts
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("access.log")
        })
        .collect();
    assert!(parts.len() > 1, "{parts:?}");
    let all: Vec<Value> = parts.iter().flat_map(|part| lines(part)).collect();
    (0..40).for_each(|n| drop(line_of(&all, &format!("n{n}"))));
}

#[tokio::test]
async fn a_log_that_cannot_be_opened_stops_the_start_and_one_that_is_not_set_goes_to_the_log() {
    let mut scratch = scratch();
    let folder = scratch.path("").display().to_string();
    scratch.set("SMITHERS_ACCESS_LOG", folder);
    let ended = run(&scratch, &["gateway"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("SMITHERS_ACCESS_LOG"),
        "{}",
        ended.stderr
    );
    scratch.set("SMITHERS_ACCESS_LOG", "");
    scratch.set("SMITHERS_LOG", "info");
    let gateway = start(&scratch).await;
    get(&gateway, None, "/health").await;
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    assert!(
        log(&scratch).contains("route=/health status=200"),
        "{}",
        log(&scratch)
    );
}
