//! What happens by time alone, also to a socket that never reads.

use std::time::{Duration, Instant};

use serde_json::json;
use smithers_model::Timestamp;
use smithers_model::time::Clock;

use super::testkit::{Frame, Setup, World};
use crate::clock::SystemClock;
use crate::hub::Timing;

fn timing(change: impl FnOnce(&mut Timing)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.timing);
    setup
}

#[actix::test]
async fn ticks_come_in_their_period_once_connected() {
    let world = World::with(timing(|timing| timing.tick = Duration::from_millis(40)));
    let mut early = world.open();
    early.next().await;
    let mut peer = world.connect("op/*").await;
    let begin = Instant::now();
    let first = peer.next_event("tick").await;
    peer.next_event("tick").await;
    assert!(
        begin.elapsed() >= Duration::from_millis(70),
        "{:?}",
        begin.elapsed()
    );
    assert!(first["payload"]["ts"].is_i64());
    assert_eq!(first["seq"], 2);
    assert!(early.ready().is_empty());
}

#[actix::test]
async fn every_stream_has_its_heartbeats_and_they_go_on_after_the_end_of_the_run() {
    let beat = Duration::from_millis(20);
    let mut world = World::with(timing(|timing| timing.stream_heartbeat = beat));
    world.log.launch("r1");
    let mut peer = world.connect("op/*").await;
    let ids = [peer.stream("r1", None).await, peer.stream("r1", None).await];
    world
        .log
        .emit("r1", vec![smithers_model::event::Event::RunCancelled]);
    let mut beats = Vec::new();
    while beats.len() < 6 {
        beats.push(peer.next_event("run.heartbeat").await);
    }
    for id in &ids {
        let of_one = beats
            .iter()
            .filter(|beat| beat["payload"]["streamId"] == id.as_str());
        assert!(of_one.count() >= 2);
    }
    let expected = json!({
        "apiVersion": "v1", "type": "Heartbeat", "streamId": beats[0]["payload"]["streamId"],
        "runId": "r1", "ts": beats[0]["payload"]["ts"],
    });
    assert_eq!(beats[0]["payload"], expected);
}

#[actix::test]
async fn a_revoked_token_closes_its_sockets_with_4001_even_when_they_never_read() {
    let world = World::new();
    let mut stuck = world.connect("gone/*").await;
    let mut other = world.connect("op/*").await;
    stuck.call("health", json!({})).await;
    world.auth.revoke("gone");
    let begin = Instant::now();
    world
        .until("it is closed", || world.hub.status().sessions == 1)
        .await;
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!(
        stuck.next().await,
        Frame::Close(4001, "Token has been revoked".into())
    );
    assert_eq!(other.call("health", json!({})).await["ok"], true);
}

#[actix::test]
async fn an_expired_token_closes_its_socket_at_its_time_with_4001() {
    let world = World::new();
    let end = SystemClock.now().plus(Duration::from_millis(100));
    world.auth.expire_at(end);
    let mut peer = world.connect("op/*").await;
    assert_eq!(
        peer.next().await,
        Frame::Close(4001, "token expired".into())
    );
    assert!(SystemClock.now() >= end);
    world.auth.expire_at(Timestamp(i64::MAX));
    let mut next = world.connect("op/*").await;
    assert_eq!(next.call("health", json!({})).await["ok"], true);
}

#[actix::test]
async fn a_silent_peer_is_pinged_and_then_dropped_and_an_answering_one_stays() {
    let mut world = World::with(timing(|timing| {
        timing.ping = Duration::from_millis(40);
        timing.ping_timeout = Duration::from_millis(100);
    }));
    world.log.launch("r1");
    let mut silent = world.connect("op/*").await;
    let mut answering = world.connect("op/*").await;
    world.log.emit_many("r1", 1);
    let begin = Instant::now();
    while world.hub.status().sessions == 2 {
        for frame in answering.ready() {
            if frame == Frame::Ping {
                answering.gate.heard(Instant::now());
            }
        }
        actix_rt::time::sleep(Duration::from_millis(1)).await;
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
    assert!(begin.elapsed() >= Duration::from_millis(100));
    assert!(answering.outbox.is_open());
    assert_eq!(silent.ready().last(), Some(&Frame::End));
}

#[actix::test]
async fn a_peer_with_too_many_open_requests_is_not_taken_for_dead() {
    let world = World::with(timing(|timing| {
        timing.ping = Duration::from_millis(10);
        timing.ping_timeout = Duration::from_millis(20);
    }));
    let mut peer = world.connect("op/*").await;
    (0..32).for_each(|_| drop(peer.send("getRun", json!({}))));
    world
        .until("its gate is closed", || !peer.gate.is_open())
        .await;
    let end = Instant::now() + Duration::from_millis(150);
    world
        .until("many timeouts have passed", || Instant::now() > end)
        .await;
    assert_eq!(world.hub.status().sessions, 1);
}
