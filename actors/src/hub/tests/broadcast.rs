//! Who receives what (gateway-protocol 6.5, 20).

use smithers_model::NodeKey;
use smithers_model::event::Event;

use super::testkit::{Frame, Peer, World};
use crate::hub::{Batch, LiveEvent};

/// What a peer has received: event name and run of each frame.
fn received(peer: &mut Peer) -> Vec<String> {
    let describe = |frame: Frame| {
        let frame = frame.json();
        let run = frame["payload"]["runId"].as_str().unwrap().to_owned();
        format!("{} {run}", frame["event"].as_str().unwrap())
    };
    peer.ready().into_iter().map(describe).collect()
}

fn decided() -> Event {
    Event::ApprovalGranted {
        node: NodeKey::new("gate", 0),
        request_digest: None,
    }
}

#[actix::test]
async fn filters_choose_runs_and_an_empty_one_chooses_all() {
    let mut world = World::new();
    ["r1", "r2"].iter().for_each(|run| world.log.launch(run));
    let mut all = world.connect("op/*").await;
    let mut empty = world.connect_to("op/*", Some(&[])).await;
    let mut one = world.connect_to("op/*", Some(&["r1"])).await;
    let mut other = world.connect_to("op/*", Some(&["r9"])).await;
    ["r1", "r2"]
        .iter()
        .for_each(|run| world.log.emit_many(run, 1));
    world.settle().await;
    let both = ["node.finished r1", "node.finished r2"];
    assert_eq!(received(&mut all), both);
    assert_eq!(received(&mut empty), both);
    assert_eq!(received(&mut one), ["node.finished r1"]);
    assert!(received(&mut other).is_empty());
}

#[actix::test]
async fn broadcasts_need_run_read_and_approval_events_are_for_approval_readers_too() {
    let mut world = World::new();
    world.log.launch("r1");
    let mut reader = world.connect("reader/run:read").await;
    let mut inbox = world.connect("inbox/approval:read").await;
    let mut signals = world.connect("signals/signal:submit").await;
    let mut early = world.open();
    early.next().await;
    world.log.emit_many("r1", 1);
    world.log.emit("r1", vec![decided()]);
    world.settle().await;
    assert_eq!(
        received(&mut reader),
        ["node.finished r1", "approval.decided r1"]
    );
    assert_eq!(received(&mut inbox), ["approval.decided r1"]);
    assert!(received(&mut signals).is_empty());
    assert!(early.ready().is_empty());
}

#[actix::test]
async fn streams_replace_the_plain_event_once_each_and_imply_delivery_outside_the_filter() {
    let mut world = World::new();
    ["r1", "r2"].iter().for_each(|run| world.log.launch(run));
    let mut peer = world.connect_to("op/*", Some(&["r2"])).await;
    peer.stream("r1", Some(0)).await;
    peer.stream("r1", None).await;
    world
        .until("both are live", || world.hub.status().catching_up == 0)
        .await;
    ["r1", "r2"]
        .iter()
        .for_each(|run| world.log.emit_many(run, 1));
    world.settle().await;
    assert_eq!(
        received(&mut peer),
        ["run.event r1", "run.event r1", "node.finished r2"]
    );
}

#[actix::test]
async fn state_versions_rise_and_connection_numbers_have_no_hole() {
    let mut world = World::new();
    ["r1", "r2"].iter().for_each(|run| world.log.launch(run));
    let mut peer = world.connect("op/*").await;
    (0..5).for_each(|_| {
        ["r1", "r2"]
            .iter()
            .for_each(|run| world.log.emit_many(run, 3))
    });
    world.settle().await;
    let frames: Vec<_> = peer.ready().into_iter().map(Frame::json).collect();
    let numbers = |key: &str| -> Vec<u64> {
        frames
            .iter()
            .map(|frame| frame[key].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers("stateVersion"), (1..=30).collect::<Vec<_>>());
    assert_eq!(
        numbers("seq"),
        (2..=31).collect::<Vec<_>>(),
        "the challenge was 1"
    );
}

#[actix::test]
async fn an_event_is_serialised_once_for_all_and_not_at_all_without_listeners() {
    let mut world = World::new();
    ["r1", "r2"].iter().for_each(|run| world.log.launch(run));
    let _one = world.connect_to("op/*", Some(&["r1"])).await;
    let _blind = world.connect("signals/signal:submit").await;
    for (run, heard) in [("r1", true), ("r2", false)] {
        let step = world.log.commit(run, vec![decided()]);
        let batch = std::sync::Arc::new(Batch::new(LiveEvent::of(&step).collect()));
        world.hub.with(|hub| hub.deliver(&batch));
        assert_eq!(batch.events()[0].is_serialised(), heard, "{run}");
    }
}
