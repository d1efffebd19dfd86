//! Challenge, connect, hello, and what ends a socket before it is connected (gateway-protocol 6.3).

use std::time::Duration;

use serde_json::json;

use super::testkit::{Frame, Peer, Setup, World};
use crate::hub::Timing;
use crate::session::ConnectionLimits;

/// Returns the state versions of the events that a peer has received.
fn versions(peer: &mut Peer) -> Vec<u64> {
    let json = peer.ready().into_iter().map(Frame::json);
    json.map(|frame| frame["stateVersion"].as_u64().unwrap())
        .collect()
}

#[actix::test]
async fn the_challenge_comes_at_once_as_event_one() {
    let world = World::new();
    let mut peer = world.open();
    let challenge = peer.next().await.json();
    assert_eq!(challenge["event"], "connect.challenge");
    assert_eq!(
        (&challenge["seq"], &challenge["stateVersion"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(challenge["payload"]["nonce"].as_str().unwrap().len(), 36);
    assert!(challenge["payload"]["ts"].is_i64());
}

#[actix::test]
async fn until_connected_every_other_method_is_refused_and_the_socket_stays_open() {
    let world = World::new();
    let mut peer = world.open();
    for method in ["health", "nope", "streamRunEvents"] {
        let answer = peer.call(method, json!({})).await;
        assert_eq!(answer["error"]["code"], "UNAUTHORIZED");
        assert_eq!(answer["error"]["message"], "Connect first");
    }
    assert_eq!(peer.connect("op/*", None).await["ok"], true);
}

#[actix::test]
async fn malformed_connects_are_answered_and_may_be_repeated() {
    let world = World::new();
    let mut peer = world.open();
    let cases = [
        (
            json!(null),
            "INVALID_REQUEST",
            "Connect params must be an object",
        ),
        (
            json!({"minProtocol": 1}),
            "INVALID_REQUEST",
            "Connect request is missing protocol negotiation fields",
        ),
        (
            json!({"minProtocol": 2, "maxProtocol": 3, "client": {}}),
            "PROTOCOL_UNSUPPORTED",
            "Gateway protocol 1 is not supported by the client",
        ),
    ];
    for (params, code, message) in cases {
        let answer = peer.call("connect", params).await;
        assert_eq!(
            (&answer["error"]["code"], &answer["error"]["message"]),
            (&json!(code), &json!(message))
        );
    }
    assert_eq!(peer.connect("op/*", None).await["ok"], true);
}

#[actix::test]
async fn a_failed_authentication_is_answered_and_then_closed_with_1008() {
    let world = World::new();
    let mut peer = world.open();
    let answer = peer.connect("wrong", None).await;
    assert_eq!(
        answer["error"],
        json!({"version": "v1", "code": "UNAUTHORIZED", "message": "Invalid token"})
    );
    assert_eq!(
        peer.next().await,
        Frame::Close(1008, "authentication failed".into())
    );
    assert_eq!(peer.next().await, Frame::End);
    world
        .until("the session is gone", || world.hub.status().sessions == 0)
        .await;
    assert_eq!(world.connections.pre_auth(), 0);
}

#[actix::test]
async fn a_second_connect_replaces_the_identity_and_a_failed_one_changes_nothing() {
    let world = World::new();
    let mut peer = world.connect("op/*").await;
    assert_eq!(
        peer.connect("wrong", None).await["error"]["code"],
        "UNAUTHORIZED"
    );
    world.methods.fail_greetings(true);
    assert_eq!(
        peer.connect("reader/run:read", None).await["error"]["code"],
        "SERVER_ERROR"
    );
    world.methods.fail_greetings(false);
    assert_eq!(peer.call("launchRun", json!({})).await["ok"], true);
    let hello = peer.connect("reader/run:read", Some(&["some-run"])).await;
    assert_eq!(hello["payload"]["user"], "reader");
    let refused = peer.call("launchRun", json!({})).await;
    assert_eq!(
        refused["error"]["message"],
        "Missing required scope run:write for launchRun"
    );
    assert_eq!(refused["error"]["requiredScope"], "run:write");
    assert_eq!(world.connections.connected(), 1);
}

#[actix::test]
async fn a_full_pool_is_answered_and_closed_with_1013() {
    let connections = ConnectionLimits {
        connected: 1,
        pre_auth: 5,
    };
    let world = World::with(Setup {
        connections,
        ..Setup::default()
    });
    let mut early = world.open();
    let _first = world.connect("op/*").await;
    let answer = early.connect("op/*", None).await;
    assert_eq!(answer["error"]["code"], "CONNECTION_LIMIT");
    assert_eq!(
        answer["error"]["message"],
        "Gateway connection limit reached"
    );
    assert_eq!(
        early.next().await,
        Frame::Close(1013, "connection limit reached".into())
    );
    assert!(world.connections.enter().is_err());
}

#[actix::test]
async fn a_silent_socket_is_dropped_at_the_deadline_without_a_close_frame() {
    let timing = Timing {
        auth_deadline: Duration::from_millis(30),
        ..Setup::default().timing
    };
    let world = World::with(Setup {
        timing,
        ..Setup::default()
    });
    let mut silent = world.open();
    let mut connected = world.connect("op/*").await;
    assert_eq!(silent.next().await.json()["event"], "connect.challenge");
    assert_eq!(silent.next().await, Frame::End);
    world
        .until("the places are free", || world.connections.pre_auth() == 0)
        .await;
    assert_eq!(connected.call("health", json!({})).await["ok"], true);
}

#[actix::test]
async fn events_between_the_snapshot_and_the_hello_follow_the_hello() {
    let mut world = World::new();
    world.log.launch("r1");
    world.log.emit_many("r1", 1);
    world.settle().await;
    let mut peer = world.open();
    peer.next().await;
    let go = world.methods.hold_greeting();
    let params =
        json!({"minProtocol": 1, "maxProtocol": 1, "client": {}, "auth": {"token": "op/*"}});
    peer.send("connect", params);
    world.settle().await;
    world.log.emit_many("r1", 2);
    world.settle().await;
    assert_eq!(peer.ready(), []);
    go.send(()).unwrap();
    assert_eq!(peer.next().await.json()["ok"], true);
    let versions = [peer.next().await.json(), peer.next().await.json()];
    assert_eq!(
        versions.map(|frame| frame["stateVersion"].as_u64()),
        [Some(2), Some(3)]
    );
}

#[actix::test]
async fn events_that_the_snapshot_shows_already_do_not_follow_it() {
    let mut world = World::new();
    world.log.launch("r1");
    let steps = [(); 2].map(|()| world.log.commit("r1", vec![super::testkit::finished("t")]));
    world.methods.greet_at(1);
    let mut peer = world.connect("op/*").await;
    for step in steps {
        world.log.publish(step);
    }
    world.settle().await;
    assert_eq!(versions(&mut peer), [2]);
}

#[actix::test]
async fn a_second_connect_takes_no_event_from_a_socket_that_listens() {
    let mut world = World::new();
    world.log.launch("r1");
    let step = world.log.commit("r1", vec![super::testkit::finished("t")]);
    let mut peer = world.connect("op/*").await;
    world.methods.greet_at(1);
    assert_eq!(peer.connect("op/*", None).await["ok"], true);
    world.log.publish(step);
    world.settle().await;
    assert_eq!(versions(&mut peer), [1]);
}

#[actix::test]
async fn events_of_runs_that_a_second_connect_adds_follow_its_hello_and_others_come_once() {
    let mut world = World::new();
    ["r1", "r2"].iter().for_each(|run| world.log.launch(run));
    let mut peer = world.connect_to("op/*", Some(&["r1"])).await;
    world.methods.greet_at(1);
    let mut greetings = Vec::new();
    for subscribe in [vec!["r1"], vec!["r1", "r2"]] {
        greetings.push(world.methods.hold_greeting());
        let auth = json!({"token": "op/*"});
        let params = json!({
            "minProtocol": 1, "maxProtocol": 1, "client": {}, "auth": auth, "subscribe": subscribe,
        });
        peer.send("connect", params);
        world.settle().await;
    }
    ["r2", "r1", "r2"]
        .iter()
        .for_each(|run| world.log.emit_many(run, 1));
    world.settle().await;
    assert_eq!(versions(&mut peer), [2]);
    for (go, expected) in greetings.into_iter().zip([vec![], vec![3]]) {
        go.send(()).unwrap();
        assert_eq!(peer.next().await.json()["ok"], true);
        assert_eq!(versions(&mut peer), expected);
    }
}

#[actix::test]
async fn a_handshake_that_cannot_be_finished_leaves_the_socket_unauthenticated() {
    let world = World::new();
    world.methods.fail_greetings(true);
    let mut peer = world.open();
    assert_eq!(
        peer.connect("op/*", None).await["error"]["code"],
        "SERVER_ERROR"
    );
    assert_eq!(
        (world.connections.connected(), world.connections.pre_auth()),
        (0, 1)
    );
    assert_eq!(
        peer.call("health", json!({})).await["error"]["message"],
        "Connect first"
    );
    world.methods.fail_greetings(false);
    assert_eq!(peer.connect("op/*", None).await["ok"], true);
}

#[actix::test]
async fn a_token_revoked_while_the_greeting_is_made_does_not_get_in() {
    let world = World::new();
    let mut peer = world.open();
    peer.next().await;
    let go = world.methods.hold_greeting();
    let params =
        json!({"minProtocol": 1, "maxProtocol": 1, "client": {}, "auth": {"token": "gone/*"}});
    peer.send("connect", params);
    world.settle().await;
    world.auth.revoke("gone");
    world.settle().await;
    go.send(()).unwrap();
    assert_eq!(
        peer.next().await.json()["error"]["message"],
        "Token has been revoked"
    );
    assert_eq!(
        peer.next().await,
        Frame::Close(1008, "authentication failed".into())
    );
}
