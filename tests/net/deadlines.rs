//! Deadlines act on every request of a connection, and on peers that do not read.

use std::{
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

use smithers::net::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    peer::{PATIENCE, Peer, frame, request, until},
    server::{TestServer, quick},
};

const CHUNKED_POST: &str =
    "POST /ignore HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n";

/// Sends `piece` every 20 ms until the connection ends; returns what the server said.
async fn drip(peer: &mut Peer, piece: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let pause = Duration::from_millis(20);
        match timeout(pause, peer.stream.read_buf(&mut said)).await {
            Ok(Ok(0) | Err(_)) => return said,
            Ok(Ok(_)) => {}
            Err(_) if peer.stream.write_all(piece).await.is_err() => return said,
            Err(_) => {}
        }
    }
    panic!("the server lets the request trickle on")
}

fn is_408(said: &[u8]) -> bool {
    let text = String::from_utf8_lossy(said);
    text.starts_with("HTTP/1.1 408 ") && text.contains("x-smithers-api-version: v1\r\n")
}

#[actix_web::test]
async fn a_slow_first_head_is_answered_408_and_closed() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    peer.send("GET /ok HTTP/1.1\r\n").await;
    assert!(is_408(&drip(&mut peer, b"x").await));
}

#[actix_web::test]
async fn a_slow_second_head_on_a_kept_alive_connection_is_answered_408_and_closed() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    assert_eq!(peer.ask(request("GET", "/ok")).await.status, 200);
    peer.send("GET /ok HTTP/1.1\r\n").await;
    let start = Instant::now();
    assert!(is_408(&drip(&mut peer, b"x").await));
    assert!(start.elapsed() >= quick().head, "not before the deadline");
}

#[actix_web::test]
async fn a_body_that_trickles_is_cut_at_the_whole_request_deadline() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    let start = Instant::now();
    peer.send("POST /v1/rpc/x HTTP/1.1\r\nhost: test\r\ncontent-length: 100000\r\n\r\n")
        .await;
    assert!(is_408(&drip(&mut peer, b"x").await));
    assert!(
        start.elapsed() >= quick().request,
        "not before the deadline"
    );
}

#[actix_web::test]
async fn an_upgrade_header_does_not_lift_the_deadline_of_an_ordinary_request() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    let head = "POST /v1/rpc/x HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    peer.send(head).await;
    assert!(is_408(&drip(&mut peer, b"x").await));
}

#[actix_web::test]
async fn a_body_that_arrived_and_was_not_read_leaves_the_connection_usable() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    peer.send("POST /held HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nbody")
        .await;
    until("the handler runs", || server.seen.held.load(SeqCst) == 1).await;
    server.seen.release.store(true, SeqCst);
    assert_eq!(peer.answer().await.body, "released");
    tokio::time::sleep(quick().request + quick().head).await;
    assert_eq!(peer.ask(request("GET", "/ok")).await.status, 200);
}

#[actix_web::test]
async fn a_408_does_not_break_off_a_client_that_is_still_sending() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    peer.send("POST /held HTTP/1.1\r\nhost: test\r\ncontent-length: 33554432\r\n\r\n")
        .await;
    peer.send(vec![b'x'; 32 << 20]).await;
    assert_eq!(peer.answer().await.status, 408);
}

#[actix_web::test]
async fn an_early_answer_reaches_a_client_that_is_still_sending() {
    let server = TestServer::start(Limits {
        request: Duration::from_secs(30),
        ..quick()
    });
    let mut peer = Peer::connect(server.address).await;
    peer.send("POST /ignore HTTP/1.1\r\nhost: test\r\ncontent-length: 4194304\r\n\r\n")
        .await;
    peer.send(vec![b'x'; 4 << 20]).await;
    assert_eq!(peer.answer().await.body, "ignored");
}

#[actix_web::test]
async fn an_ignored_body_is_drained_only_until_the_whole_request_deadline() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    let start = Instant::now();
    assert_eq!(
        peer.ask(CHUNKED_POST).await.status,
        200,
        "answered without the body"
    );
    let said = drip(&mut peer, b"1\r\nx\r\n").await;
    assert!(said.is_empty(), "no second answer: {said:?}");
    assert!(
        start.elapsed() >= quick().request,
        "not before the deadline"
    );
}

#[actix_web::test]
async fn an_ignored_body_that_ends_in_time_leaves_the_connection_usable() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    assert_eq!(peer.ask(CHUNKED_POST).await.status, 200);
    peer.send("1\r\nx\r\n0\r\n\r\n").await;
    assert_eq!(peer.ask(request("GET", "/ok")).await.status, 200);
}

#[actix_web::test]
async fn a_large_body_that_flows_is_served_whole() {
    let server = TestServer::start(Limits {
        request: Duration::from_secs(30),
        ..quick()
    });
    let mut peer = Peer::connect(server.address).await;
    let head = "POST /v1/rpc/x HTTP/1.1\r\nhost: test\r\ncontent-length: 8388608\r\n\r\n";
    peer.send(head).await;
    peer.send(vec![b'x'; 8 << 20]).await;
    assert_eq!(peer.answer().await.body, "8388608");
}

#[actix_web::test]
async fn a_handler_may_take_longer_than_every_request_deadline() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    peer.send(request("GET", "/held")).await;
    tokio::time::sleep(quick().request + quick().head).await;
    server.seen.release.store(true, SeqCst);
    assert_eq!(peer.answer().await.body, "released");
}

#[actix_web::test]
async fn idle_connections_are_closed_without_a_word() {
    let server = TestServer::start(Limits {
        keep_alive: Duration::from_millis(100),
        ..quick()
    });
    let mut silent = Peer::connect(server.address).await;
    let mut idle = Peer::connect(server.address).await;
    assert_eq!(idle.ask(request("GET", "/ok")).await.status, 200);
    assert_eq!(idle.rest().await, b"");
    assert_eq!(silent.rest().await, b"");
}

#[actix_web::test]
async fn a_response_that_nobody_reads_is_dropped_by_the_write_stall_rule() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    peer.send(request("GET", "/endless")).await;
    let stopper = server.running.stopper.clone();
    until("the connection is open", || stopper.open_connections() == 1).await;
    until("the connection is dropped", || {
        stopper.open_connections() == 0
    })
    .await;
}

#[actix_web::test]
async fn a_socket_that_never_reads_is_dropped_by_the_write_stall_rule() {
    let server = TestServer::start(quick());
    let _peer = Peer::upgrade(server.address, "/shout").await;
    let seen = server.seen.clone();
    until("the session is told", || seen.gone.load(SeqCst) == 1).await;
    assert_eq!(server.running.stopper.open_connections(), 0);
}

#[actix_web::test]
async fn a_quiet_socket_outlives_every_request_deadline() {
    let server = TestServer::start(Limits {
        keep_alive: Duration::from_millis(50),
        ..quick()
    });
    let mut peer = Peer::upgrade(server.address, "/").await;
    tokio::time::sleep(quick().request + quick().head).await;
    peer.send(frame(0x81, b"still here")).await;
    assert_eq!(peer.frame().await, (1, b"still here".to_vec()));
}
