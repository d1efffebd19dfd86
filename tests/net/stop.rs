//! The ordered stop.

use std::{
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

use smithers::net::Limits;

use crate::{
    peer::{Peer, frame, request, until},
    server::{TestServer, quick},
};

/// Everything that is not the rule under test stays out of the way.
fn patient() -> Limits {
    Limits {
        head: Duration::from_secs(60),
        request: Duration::from_secs(60),
        write_stall: Duration::from_secs(60),
        ..quick()
    }
}

async fn timed_stop(server: TestServer) -> Duration {
    let start = Instant::now();
    server.running.stopper.stop().await;
    let elapsed = start.elapsed();
    server.running.ended().await.unwrap();
    elapsed
}

#[actix_web::test]
async fn without_stuck_sockets_a_stop_is_immediate() {
    let server = TestServer::start(patient());
    let mut idle = Peer::connect(server.address).await;
    assert_eq!(idle.ask(request("GET", "/ok")).await.status, 200);
    let _silent = Peer::connect(server.address).await;
    let mut socket = Peer::upgrade(server.address, "/").await;
    let goodbye = actix_web::rt::spawn(async move {
        assert_eq!(socket.close_frame().await.0, 1001);
        socket.send(frame(0x88, &1001u16.to_be_bytes())).await;
        assert_eq!(socket.rest().await, b"");
    });
    let elapsed = timed_stop(server).await;
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
    goodbye.await.unwrap();
    assert_eq!(idle.rest().await, b"");
}

#[actix_web::test]
async fn a_socket_that_never_reads_delays_a_stop_by_two_seconds_and_no_more() {
    let server = TestServer::start(patient());
    let _stuck = Peer::upgrade(server.address, "/shout").await;
    let seen = server.seen.clone();
    let elapsed = timed_stop(server).await;
    assert!((1900..2600).contains(&elapsed.as_millis()), "{elapsed:?}");
    until("the session is told", || seen.gone.load(SeqCst) == 1).await;
}

#[actix_web::test]
async fn a_response_in_progress_is_finished_before_a_stop() {
    let server = TestServer::start(patient());
    let mut peer = Peer::connect(server.address).await;
    peer.send(request("GET", "/held")).await;
    let seen = server.seen.clone();
    until("the request is there", || seen.held.load(SeqCst) == 1).await;
    let stop = actix_web::rt::spawn(timed_stop(server));
    until("the stop has begun", || seen.stopping.load(SeqCst)).await;
    seen.release.store(true, SeqCst);
    assert_eq!(peer.answer().await.body, "released");
    let elapsed = stop.await.unwrap();
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
}

#[actix_web::test]
async fn after_a_stop_nobody_is_served() {
    let server = TestServer::start(patient());
    let address = server.address;
    timed_stop(server).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
