//! One line per request, whichever way the request ends.

use std::{
    io,
    sync::{Mutex, OnceLock},
};

use crate::{
    peer::{Peer, frame, request, until, upgrade_request},
    server::{TestServer, quick},
};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects the access log of the whole process; tests tell their lines by the path.
fn collect() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_env_filter("smithers::access=info")
            .with_ansi(false)
            .with_writer(|| Lines)
            .init();
    });
}

/// Waits for the only line about `path`.
async fn line_about(path: &str) -> String {
    let find = || {
        let text = String::from_utf8(LINES.lock().unwrap().clone()).unwrap();
        text.lines()
            .filter(|line| line.contains(&format!("path={path} ")))
            .map(str::to_owned)
            .collect()
    };
    let mut lines: Vec<String> = Vec::new();
    until(&format!("a line about {path}"), || {
        lines = find();
        !lines.is_empty()
    })
    .await;
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}

#[actix_web::test]
async fn a_request_is_logged_once_without_its_query() {
    collect();
    let server = TestServer::start(quick());
    let head = "GET /logged?token=secret HTTP/1.1\r\nhost: test\r\nx-request-id: log-1\r\n\r\n";
    Peer::connect(server.address).await.ask(head).await;
    let line = line_about("/logged").await;
    for field in [
        "transport=\"http\"",
        "method=GET",
        "status=404",
        "bytes=58",
        "request.id=log-1",
        "remote=127.0.0.1",
        "duration_ms=",
    ] {
        assert!(line.contains(field), "{field} in {line}");
    }
    assert!(!line.contains("secret"), "{line}");
}

#[actix_web::test]
async fn a_timeout_and_a_lost_peer_are_logged_as_what_they_are() {
    collect();
    let server = TestServer::start(quick());
    let mut slow = Peer::connect(server.address).await;
    slow.send("POST /v1/rpc/slow HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\n")
        .await;
    assert!(line_about("/v1/rpc/slow").await.contains("status=408"));

    let mut lost = Peer::connect(server.address).await;
    lost.send("POST /v1/rpc/lost HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\n")
        .await;
    drop(lost);
    assert!(
        line_about("/v1/rpc/lost").await.contains("status=400"),
        "the body broke off"
    );
}

#[actix_web::test]
async fn a_socket_is_logged_when_it_ends() {
    collect();
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    peer.ask(upgrade_request("/logged-socket", "13", "")).await;
    peer.send(frame(0x88, b"")).await;
    let line = line_about("/logged-socket").await;
    assert!(
        line.contains("status=101") && line.contains("bytes=2 "),
        "{line}"
    );
    assert_eq!(
        Peer::connect(server.address)
            .await
            .ask(request("GET", "/ok"))
            .await
            .status,
        200
    );
}
