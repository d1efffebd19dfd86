//! Requests and their answers (gateway-protocol 6.2).

use serde_json::json;

use super::testkit::{Frame, Peer, World};

/// Returns the runs of the events that a peer has received.
fn runs(peer: &mut Peer) -> Vec<String> {
    let json = peer.ready().into_iter().map(Frame::json);
    json.map(|frame| frame["payload"]["runId"].as_str().unwrap().to_owned())
        .collect()
}

#[actix::test]
async fn answers_come_in_the_order_in_which_they_are_ready() {
    let world = World::new();
    let mut peer = world.connect("op/*").await;
    let slow = peer.send("getRun", json!({}));
    let fast = peer.send("health", json!({}));
    assert_eq!(peer.next().await.json()["id"], fast.as_str());
    world.methods.finish(0);
    assert_eq!(peer.next().await.json()["id"], slow.as_str());
}

#[actix::test]
async fn thirty_two_requests_run_at_once_and_the_next_waits_for_an_answer() {
    let world = World::new();
    let mut peer = world.connect("op/*").await;
    (0..40).for_each(|_| drop(peer.send("getRun", json!({}))));
    world
        .until("32 calls have begun", || world.methods.waiting() == 32)
        .await;
    world.settle().await;
    assert_eq!(world.methods.started.get(), 32);
    world.methods.finish(0);
    world
        .until("the 33rd has begun", || world.methods.started.get() == 33)
        .await;
    world.settle().await;
    assert_eq!(world.methods.started.get(), 33);
    while world.methods.waiting() > 0 {
        world.methods.finish(0);
        world.settle().await;
    }
    let answers: Vec<_> = peer.ready();
    assert_eq!(answers.len(), 40);
    assert_eq!(peer.gate.unanswered(), 0);
}

#[actix::test]
async fn a_command_runs_to_its_end_although_its_socket_has_gone() {
    let world = World::new();
    let mut peer = world.connect("op/*").await;
    peer.send("getRun", json!({}));
    world
        .until("the call has begun", || world.methods.waiting() == 1)
        .await;
    peer.vanish();
    world
        .until("the session is gone", || world.hub.status().sessions == 0)
        .await;
    assert_eq!(world.connections.connected(), 0);
    world.methods.finish(0);
    world
        .until("the call has ended", || world.methods.ended.get() == 1)
        .await;
}

#[actix::test]
async fn a_bad_frame_is_answered_with_its_id_when_that_can_be_read_and_the_socket_stays() {
    let world = World::new();
    let mut peer = world.connect("op/*").await;
    let cases = [
        ("{bad", "invalid", "Gateway RPC payload must be valid JSON."),
        (
            r#"{"type":"req","id":5,"method":"health"}"#,
            "invalid",
            "Gateway frame id must be a string.",
        ),
        (
            r#"{"type":"req","id":"a","method":"Bad"}"#,
            "a",
            "Gateway method name is invalid.",
        ),
    ];
    for (frame, id, message) in cases {
        peer.send_raw(frame);
        let answer = peer.next().await.json();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&json!(id), &json!("INVALID_INPUT"))
        );
        assert_eq!(answer["error"]["message"], message);
    }
    assert_eq!(peer.call("health", json!({})).await["ok"], true);
    assert_eq!(peer.gate.unanswered(), 0);
}

#[actix::test]
async fn launching_adds_the_run_to_a_set_and_leaves_an_unfiltered_socket_unfiltered() {
    let mut world = World::new();
    ["new", "other"]
        .iter()
        .for_each(|run| world.log.launch(run));
    let mut all = world.connect("op/*").await;
    let mut some = world.connect_to("op/*", Some(&["old"])).await;
    for peer in [&mut all, &mut some] {
        assert_eq!(peer.call("launchRun", json!({})).await["ok"], true);
    }
    world.log.emit_many("other", 1);
    world.log.emit_many("new", 1);
    world.settle().await;
    assert_eq!(runs(&mut all), ["other", "new"]);
    assert_eq!(runs(&mut some), ["new"]);
    assert_eq!(*world.methods.followed.borrow(), [false, true]);
}

#[actix::test]
async fn a_run_that_was_followed_for_nothing_is_taken_back_and_can_be_followed_again() {
    let mut world = World::new();
    ["new", "old"].iter().for_each(|run| world.log.launch(run));
    let mut peer = world.connect_to("op/*", Some(&["old"])).await;
    peer.call("launchRun", json!({})).await;
    peer.call("launchRun", json!({})).await;
    assert_eq!(world.hub.status().runs, 2);
    peer.call("cancelRun", json!({})).await;
    assert_eq!(world.hub.status().runs, 1);
    ["new", "old"]
        .iter()
        .for_each(|run| world.log.emit_many(run, 1));
    world.settle().await;
    assert_eq!(runs(&mut peer), ["old"]);
    peer.call("launchRun", json!({})).await;
    world.log.emit_many("new", 1);
    world.settle().await;
    assert_eq!(runs(&mut peer), ["new"]);
    assert_eq!(*world.methods.followed.borrow(), [true, false, true]);
}

#[actix::test]
async fn a_method_that_panics_is_answered_and_its_socket_stays() {
    let world = World::new();
    let mut peer = world.connect("op/*").await;
    let answer = peer.call("listRuns", json!({})).await;
    assert_eq!(answer["error"]["code"], "SERVER_ERROR");
    assert_eq!(peer.gate.unanswered(), 0);
    assert_eq!(peer.call("health", json!({})).await["ok"], true);
}

#[actix::test]
async fn nothing_is_done_for_a_token_that_was_revoked_before_its_socket_is_closed() {
    let world = World::new();
    let mut peer = world.connect("gone/*").await;
    world.auth.revoke("gone");
    let answer = peer.call("health", json!({})).await;
    assert_eq!(answer["error"]["code"], "UNAUTHORIZED");
    assert_eq!(answer["error"]["message"], "Token has been revoked");
}
