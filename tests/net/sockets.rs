//! A WebSocket that behaves: messages, controls, closing.

use std::sync::atomic::Ordering::SeqCst;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{
    peer::{Peer, frame, request, until, upgrade_request},
    server::{TestServer, quick},
};

#[actix_web::test]
async fn a_client_library_talks_and_says_goodbye() {
    let server = TestServer::start(quick());
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut request = format!("ws://{}/any/path", server.address)
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "first, second".parse().unwrap());
    let (mut client, response) = client_async(request, stream).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "first");
    assert!(!response.headers().contains_key("sec-websocket-extensions"));

    let large = "é".repeat(200_000);
    for text in ["hello", "", large.as_str()] {
        client.send(Message::text(text)).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text(text));
    }
    client
        .send(Message::binary("binary is text"))
        .await
        .unwrap();
    assert_eq!(
        client.next().await.unwrap().unwrap(),
        Message::text("binary is text")
    );

    let goodbye = CloseFrame {
        code: CloseCode::Away,
        reason: "bye".into(),
    };
    client.close(Some(goodbye)).await.unwrap();
    let Message::Close(Some(echo)) = client.next().await.unwrap().unwrap() else {
        panic!("a close frame is answered by a close frame")
    };
    assert_eq!(echo.code, CloseCode::Away);
    until("the session is told", || server.seen.gone.load(SeqCst) == 1).await;
    assert_eq!(server.seen.closed.load(SeqCst), 1001);
}

#[actix_web::test]
async fn parts_of_a_message_are_joined_around_a_ping() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/").await;
    let e_acute = "é".as_bytes();
    peer.send(
        [
            frame(0x01, &e_acute[..1]),
            frame(0x89, b"?"),
            frame(0x80, &e_acute[1..]),
        ]
        .concat(),
    )
    .await;
    assert_eq!(peer.frame().await, (10, b"?".to_vec()));
    assert_eq!(peer.frame().await, (1, e_acute.to_vec()));
}

#[actix_web::test]
async fn bytes_behind_the_handshake_in_one_packet_are_frames() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    let packet = [
        upgrade_request("/", "13", "").into_bytes(),
        frame(0x81, b"early"),
    ]
    .concat();
    assert_eq!(peer.ask(packet).await.status, 101);
    assert_eq!(peer.frame().await, (1, b"early".to_vec()));
}

#[actix_web::test]
async fn a_close_without_code_is_echoed_without_code() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/").await;
    peer.send(frame(0x88, b"")).await;
    assert_eq!(peer.frame().await, (8, Vec::new()));
    assert_eq!(peer.rest().await, b"");
    until("the session is told", || {
        server.seen.closed.load(SeqCst) == 1005
    })
    .await;
}

#[actix_web::test]
async fn a_peer_that_vanishes_is_reported_as_1006() {
    let server = TestServer::start(quick());
    let peer = Peer::upgrade(server.address, "/").await;
    drop(peer);
    until("the session is told", || server.seen.gone.load(SeqCst) == 1).await;
    assert_eq!(server.seen.closed.load(SeqCst), 1006);
    until("the connection is gone", || {
        server.running.stopper.open_connections() == 0
    })
    .await;
}

#[actix_web::test]
async fn a_session_ends_when_its_socket_is_closed_from_elsewhere() {
    let server = TestServer::start(quick());
    let mut peer = Peer::upgrade(server.address, "/kick").await;
    assert_eq!(peer.close_frame().await, (4000, "kicked".to_owned()));
    until("the session has ended", || {
        server.seen.ended.load(SeqCst) == 1
    })
    .await;
    assert_eq!(
        server.seen.gone.load(SeqCst),
        0,
        "the peer's goodbye is still awaited"
    );
}

#[actix_web::test]
async fn an_upgrade_on_a_kept_alive_connection_works() {
    let server = TestServer::start(quick());
    let mut peer = Peer::connect(server.address).await;
    assert_eq!(peer.ask(request("GET", "/ok")).await.status, 200);
    assert_eq!(peer.ask(upgrade_request("/", "13", "")).await.status, 101);
    peer.send(frame(0x81, b"hi")).await;
    assert_eq!(peer.frame().await, (1, b"hi".to_vec()));
}
