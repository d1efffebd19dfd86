//! A WebSocket that misbehaves: what it may send, and what that may cost.

use std::{
    io,
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

use smithers::net::SocketLimits;

use crate::{
    peer::{Peer, frame, frame_header, until},
    server::{TestServer, quick},
};

/// What may wait between a socket and its session, beside one message.
const READ_AHEAD: usize = 96 * 1024;

/// Writes `bytes` over and over until the peer has taken nothing for 300 ms, or has closed.
async fn pour(peer: &mut Peer, bytes: &[u8], most: usize) -> usize {
    let mut poured = 0;
    let mut progress = Instant::now();
    while poured < most && progress.elapsed() < Duration::from_millis(300) {
        match peer.stream.try_write(bytes) {
            Ok(count) => {
                poured += count;
                progress = Instant::now();
                tokio::task::yield_now().await;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(_) => break,
        }
    }
    poured
}

#[actix_web::test]
async fn a_pre_auth_flood_of_tiny_frames_closes_1008_with_bounded_memory() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/").await;
    let flood = frame(0x81, b"x").repeat(10_000);
    pour(&mut peer, &flood, 10 << 20).await;
    assert_eq!(peer.close_frame().await, (1008, "rate limit".to_owned()));
    let messages = server.seen.messages.load(SeqCst);
    assert!(
        (100..200).contains(&messages),
        "the burst and little more: {messages}"
    );
    assert!(server.seen.most_buffered.load(SeqCst) <= READ_AHEAD);
}

#[actix_web::test]
async fn a_flood_into_a_stuck_session_stays_in_the_kernel() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/deaf").await;
    let flood = frame(0x81, b"x").repeat(10_000);
    let poured = pour(&mut peer, &flood, 256 << 20).await;
    assert!(poured < 256 << 20, "the socket is not read further");
    let buffered = server.seen.most_buffered.load(SeqCst);
    assert!(
        (1..=READ_AHEAD).contains(&buffered),
        "{buffered} bytes buffered"
    );
}

#[actix_web::test]
async fn at_the_limit_of_unanswered_messages_the_socket_is_not_read_further() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/mute").await;
    let poured = pour(&mut peer, &frame(0x81, &[b'x'; 1000]), 256 << 20).await;
    assert!(poured < 256 << 20, "the socket is not read further");
    assert_eq!(server.seen.messages.load(SeqCst), 32);
    assert!(server.seen.most_buffered.load(SeqCst) <= READ_AHEAD);
}

#[actix_web::test]
async fn after_authentication_the_frame_rate_is_free() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/member").await;
    peer.send(frame(0x81, b"x").repeat(1_000)).await;
    for _ in 0..1_000 {
        assert_eq!(peer.frame().await, (1, b"x".to_vec()));
    }
}

#[actix_web::test]
async fn a_flood_of_pings_costs_one_pong_at_a_time() {
    let limits = SocketLimits {
        pre_auth_burst: 1_000_000,
        ..SocketLimits::default()
    };
    let server = TestServer::with_sockets(quick(), limits);
    let mut peer = Peer::upgrade(server.address, "/").await;
    let pings: Vec<_> = (0..50_000u32)
        .flat_map(|n| frame(0x89, &n.to_be_bytes()))
        .collect();
    peer.send(pings).await;
    peer.send(frame(0x81, b"after")).await;
    let (mut pongs, mut latest) = (0, Vec::new());
    loop {
        match peer.frame().await {
            (10, payload) => (pongs, latest) = (pongs + 1, payload),
            (1, text) => break assert_eq!(text, b"after"),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        pongs < 50_000,
        "answers that were overtaken are left out: {pongs}"
    );
    assert!(latest == 49_999u32.to_be_bytes() || pongs > 0);
}

#[actix_web::test]
async fn an_oversized_header_closes_1009_at_once_and_nothing_is_buffered() {
    let server = TestServer::start(quick());
    for header in [
        frame_header(0x81, (1 << 20) + 1),
        frame_header(0x82, u64::MAX),
    ] {
        let mut peer = Peer::upgrade(server.address, "/").await;
        peer.send(header).await;
        assert_eq!(peer.close_frame().await, (1009, String::new()));
    }
    assert!(server.seen.most_buffered.load(SeqCst) < 64);
}

#[actix_web::test]
async fn a_client_that_goes_on_sending_its_oversized_message_still_reads_the_1009() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/").await;
    let whole = frame(0x81, &vec![b'x'; 8 << 20]);
    peer.send(whole).await;
    peer.send(frame(0x88, &1000u16.to_be_bytes())).await;
    assert_eq!(peer.close_frame().await, (1009, String::new()));
    assert_eq!(peer.rest().await, b"");
    assert!(server.seen.most_buffered.load(SeqCst) <= READ_AHEAD);
}

#[actix_web::test]
async fn parts_count_together_against_the_size_of_a_message() {
    let limits = SocketLimits {
        max_message: 1000,
        ..SocketLimits::default()
    };
    let server = TestServer::with_sockets(quick(), limits);
    let mut fits = Peer::upgrade(server.address, "/").await;
    fits.send([frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 400])].concat())
        .await;
    assert_eq!(fits.frame().await, (1, vec![b'x'; 1000]));
    let mut too_big = Peer::upgrade(server.address, "/").await;
    too_big
        .send([frame(0x01, &[b'x'; 600]), frame_header(0x80, 401)].concat())
        .await;
    assert_eq!(too_big.close_frame().await, (1009, String::new()));
}

#[actix_web::test]
async fn broken_frames_close_with_the_code_that_names_them() {
    let server = TestServer::start(quick());
    for (bytes, code) in [
        (frame(0x81, &[0xFF]), 1007),
        (frame(0x82, &[0xC3]), 1007),
        (vec![0x81, 0x01, b'x'], 1002),
        (frame(0xC1, b"x"), 1002),
        (frame(0x80, b"x"), 1002),
        (frame(0x83, b"x"), 1002),
        ([frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
    ] {
        let mut peer = Peer::upgrade(server.address, "/").await;
        peer.send(&bytes).await;
        assert_eq!(peer.close_frame().await.0, code, "{bytes:x?}");
    }
    assert_eq!(server.seen.messages.load(SeqCst), 0);
}

#[actix_web::test]
async fn a_peer_that_ignores_a_close_frame_is_cut() {
    let limits = smithers::net::Limits {
        close_wait: Duration::from_millis(200),
        ..quick()
    };
    let server = TestServer::start(limits);
    let mut peer = Peer::upgrade(server.address, "/").await;
    peer.send(frame(0x81, &[0xFF])).await;
    assert_eq!(peer.close_frame().await.0, 1007);
    until("the socket is dropped", || {
        server.seen.gone.load(SeqCst) == 1
    })
    .await;
}
