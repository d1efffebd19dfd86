//! What every response carries, whoever made it.

use crate::{
    peer::{Answer, Peer, request, upgrade_request},
    server::{TestServer, quick},
};

const NOT_FOUND: &str = r#"{"error":{"code":"NOT_FOUND","message":"Route not found"}}"#;

fn has_common_headers(answer: &Answer) {
    assert_eq!(
        answer.header("x-smithers-api-version"),
        Some("v1"),
        "{}",
        answer.head
    );
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "{}",
        answer.head
    );
    assert_eq!(
        answer.header("x-content-type-options"),
        Some("nosniff"),
        "{}",
        answer.head
    );
}

#[actix_web::test]
async fn a_json_answer_has_the_common_headers_and_no_charset() {
    let server = TestServer::start(quick());
    let answer = Peer::connect(server.address)
        .await
        .ask(request("GET", "/ok"))
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "\"ok\""));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    has_common_headers(&answer);
}

#[actix_web::test]
async fn unknown_paths_and_wrong_methods_are_the_same_404() {
    let server = TestServer::start(quick());
    for (method, path) in [
        ("GET", "/nowhere"),
        ("OPTIONS", "/ok"),
        ("DELETE", "/ok"),
        ("POST", "/only-get"),
        ("OPTIONS", "/only-get"),
        ("GET", "/v1/rpc/listRuns"),
    ] {
        let answer = Peer::connect(server.address)
            .await
            .ask(request(method, path))
            .await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (404, NOT_FOUND),
            "{method} {path}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("allow"), None);
        has_common_headers(&answer);
    }
}

#[actix_web::test]
async fn head_on_a_known_path_is_404_without_a_body() {
    let server = TestServer::start(quick());
    for path in ["/ok", "/only-get"] {
        let mut peer = Peer::connect(server.address).await;
        peer.send(format!(
            "HEAD {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n"
        ))
        .await;
        let text = String::from_utf8(peer.rest().await).unwrap();
        assert!(text.starts_with("HTTP/1.1 404"), "{text}");
        assert!(text.contains("x-smithers-api-version: v1\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\n"), "{text}");
    }
}

#[actix_web::test]
async fn an_unknown_rest_path_keeps_the_rest_envelope() {
    let server = TestServer::start(quick());
    let answer = Peer::connect(server.address)
        .await
        .ask(request("GET", "/v1/api/nothing"))
        .await;
    assert!(
        answer
            .body
            .starts_with(r#"{"ok":false,"error":{"code":"NOT_FOUND""#),
        "{}",
        answer.body
    );
}

#[actix_web::test]
async fn a_malformed_percent_escape_is_400_and_the_server_lives_on() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    for path in ["/v1/rpc/%zz", "/v1/rpc/%", "/webhooks/%ff", "/%2"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nx-request-id: mine\r\ncontent-length: 0\r\n\r\n"
        );
        let answer = peer.ask(head).await;
        assert_eq!(answer.status, 400, "{path}");
        has_common_headers(&answer);
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (&body["type"], &body["ok"], &body["id"]),
            (&"res".into(), &false.into(), &"mine".into())
        );
        assert_eq!(body["error"]["code"], "INVALID_REQUEST");
    }
    assert_eq!(peer.ask(request("GET", "/ok")).await.status, 200);
}

#[actix_web::test]
async fn what_the_parser_refuses_has_the_common_headers_too() {
    let server = TestServer::start(quick());
    for head in [
        "GET /ok HTTP/1.1\r\n\r\n".to_owned(),
        "POST /ok HTTP/1.1\r\nhost: test\r\ncontent-length: many\r\n\r\n".to_owned(),
        "\x16\x03\x01 not http\r\n\r\n".to_owned(),
    ] {
        let answer = Peer::connect(server.address).await.ask(&head).await;
        assert_eq!((answer.status, answer.body.as_str()), (400, ""), "{head:?}");
        has_common_headers(&answer);
    }
    let endless_head = format!(
        "GET /ok HTTP/1.1\r\nhost: test\r\nx: {}",
        "y".repeat(200_000)
    );
    let answer = Peer::connect(server.address).await.ask(endless_head).await;
    assert_eq!(answer.status, 431);
    has_common_headers(&answer);
}

#[actix_web::test]
async fn a_refusal_after_a_good_request_on_the_same_connection_has_them_as_well() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    assert_eq!(peer.ask(request("GET", "/ok")).await.status, 200);
    let answer = peer.ask("GET /ok HTTP/1.1\r\n\r\n").await;
    assert_eq!(answer.status, 400);
    has_common_headers(&answer);
}

#[actix_web::test]
async fn an_error_of_an_inner_middleware_has_the_common_headers() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    let answer = peer.ask(request("GET", "/fails")).await;
    assert_eq!((answer.status, answer.body.as_str()), (403, "no"));
    has_common_headers(&answer);
    let refused = peer.ask("GET /ok HTTP/1.1\r\n\r\n").await;
    has_common_headers(&refused);
}

#[actix_web::test]
async fn upgrades_accepted_and_refused_have_the_version_header() {
    let server = TestServer::start(quick());
    for (head, status) in [
        (upgrade_request("/any/path", "13", ""), 101),
        (upgrade_request("/", "8", ""), 426),
        (
            upgrade_request("/", "13", "").replace("sec-websocket-key", "x-no-key"),
            400,
        ),
        (upgrade_request("/%zz", "13", ""), 400),
    ] {
        let answer = Peer::connect(server.address).await.ask(&head).await;
        assert_eq!(answer.status, status, "{head}");
        assert_eq!(answer.header("x-smithers-api-version"), Some("v1"));
        if status == 426 {
            assert_eq!(answer.header("sec-websocket-version"), Some("13"));
        }
    }
}
