//! Readers that are slow, or do not read at all.

use std::time::Duration;

use super::testkit::{Frame, Peer, Setup, World, finished, run_event_seq};
use crate::outbox::OutboxLimits;

/// Room for a few thousand small frames.
const SMALL: OutboxLimits = OutboxLimits {
    events: 256 << 10,
    reply_reserve: 64 << 10,
    low_water: 8 << 10,
};

/// Reads what it is sent a little at a time until it has seen event `last`.
async fn read_slowly(peer: &mut Peer, last: u64, mut meanwhile: impl FnMut()) -> Vec<u64> {
    let mut seqs = Vec::new();
    let read = async {
        while seqs.last() != Some(&last) {
            for frame in peer.frames_of_one_chunk(4 * 1024) {
                assert!(matches!(frame, Frame::Text(_)), "{frame:?}");
                seqs.extend(run_event_seq(&frame));
            }
            meanwhile();
            actix_rt::task::yield_now().await;
        }
    };
    actix_rt::time::timeout(Duration::from_secs(60), read)
        .await
        .expect("read in time");
    seqs
}

#[actix::test]
async fn a_replay_of_ten_thousand_events_to_a_slow_reader_under_live_load_is_not_cut() {
    let mut world = World::with(Setup {
        outbox: SMALL,
        event_window: 20_000,
        ..Setup::default()
    });
    world.log.launch("r1");
    for _ in 0..100 {
        world.log.emit_many("r1", 100);
        world.settle().await;
    }
    let mut peer = world.connect("op/*").await;
    peer.stream("r1", Some(0)).await;
    let mut live = 0;
    let hub = world.hub.clone();
    let seqs = read_slowly(&mut peer, 11_000, || {
        if live < 1_000 {
            live += 1;
            world.log.emit_many("r1", 1);
        }
        assert_eq!(hub.status().streams, 1);
    })
    .await;
    assert_eq!(seqs, (1..=11_000).collect::<Vec<_>>());
    assert_eq!(world.hub.status().catching_up, 0);
}

#[actix::test]
async fn a_live_stream_that_lags_by_a_thousand_frames_is_cut_and_its_socket_stays() {
    let mut world = World::new();
    world.log.launch("r1");
    let mut peer = world.connect("op/*").await;
    let stream = peer.stream("r1", Some(0)).await;
    world
        .until("the stream is live", || world.hub.status().catching_up == 0)
        .await;
    for _ in 0..21 {
        world.log.emit_many("r1", 50);
        world.settle().await;
    }
    assert_eq!(world.hub.status().streams, 0);
    assert_eq!(world.caps.open(), 0);
    let frames: Vec<_> = peer.ready().into_iter().map(Frame::json).collect();
    let streamed = frames
        .iter()
        .take_while(|frame| frame["event"] == "run.event")
        .count();
    assert_eq!(streamed, 1_000);
    assert_eq!(frames[1_000]["event"], "run.error");
    assert_eq!(frames[1_000]["payload"]["streamId"], stream.as_str());
    assert_eq!(
        frames[1_000]["payload"]["error"]["code"],
        "BackpressureDisconnect"
    );
    let rest: Vec<_> = frames[1_001..]
        .iter()
        .map(|frame| &frame["event"])
        .collect();
    assert!(
        rest.iter().all(|event| *event == "node.finished"),
        "plain again: {rest:?}"
    );
    assert_eq!(
        rest.len(),
        1_050 - 1_001,
        "the event that was one too many is told as the error"
    );
}

#[actix::test]
async fn a_live_stream_whose_outbox_is_full_is_told_so() {
    let mut world = World::with(Setup {
        outbox: SMALL,
        ..Setup::default()
    });
    world.log.launch("r1");
    let mut peer = world.connect_to("op/*", Some(&["none"])).await;
    peer.stream("r1", Some(0)).await;
    world
        .until("the stream is live", || world.hub.status().catching_up == 0)
        .await;
    let node = "n".repeat(60 << 10);
    for _ in 0..6 {
        world.log.emit("r1", vec![finished(&node)]);
        world.settle().await;
    }
    let frames: Vec<_> = peer.ready().into_iter().map(Frame::json).collect();
    let last = frames.last().unwrap();
    assert_eq!(last["payload"]["error"]["code"], "BackpressureDisconnect");
    assert!(peer.outbox.is_open());
}

#[actix::test]
async fn an_unfiltered_socket_that_does_not_read_is_closed_with_1013_and_disturbs_nobody() {
    let mut world = World::with(Setup {
        outbox: SMALL,
        ..Setup::default()
    });
    world.log.launch("r1");
    let mut stuck = world.connect("op/*").await;
    let mut healthy = world.connect("op/*").await;
    let mut seen = 0;
    for _ in 0..60 {
        world.log.emit_many("r1", 50);
        world.settle().await;
        seen += healthy.ready().len();
    }
    assert_eq!(seen, 3_000);
    assert_eq!(world.hub.status().sessions, 1);
    let last = stuck.ready();
    assert_eq!(
        last[last.len() - 2..],
        [Frame::Close(1013, "event backpressure".into()), Frame::End]
    );
    assert_eq!(world.connections.connected(), 1);
}

#[actix::test]
async fn a_stored_event_that_never_fits_ends_the_stream_instead_of_being_read_for_ever() {
    let mut world = World::with(Setup {
        outbox: SMALL,
        ..Setup::default()
    });
    world.log.launch("r1");
    world.log.emit_many("r1", 1);
    let huge = "n".repeat(300 << 10);
    world.log.emit("r1", vec![finished(&huge)]);
    let mut peer = world.connect_to("op/*", Some(&["none"])).await;
    peer.stream("r1", Some(0)).await;
    assert_eq!(peer.next_event("run.event").await["payload"]["seq"], 1);
    let failure = peer.next_event("run.error").await;
    assert_eq!(failure["payload"]["error"]["code"], "Internal");
    assert!(peer.outbox.is_open());
}

#[actix::test]
async fn the_hub_lets_sockets_run_after_every_batch_so_that_a_burst_cuts_no_healthy_reader() {
    let mut world = World::with(Setup {
        outbox: SMALL,
        ..Setup::default()
    });
    world.log.launch("r1");
    let mut peer = world.connect("op/*").await;
    let reader = actix_rt::spawn(async move {
        let mut seen = 0;
        while seen < 60 * 64 {
            assert!(matches!(peer.next().await, Frame::Text(_)));
            seen += 1;
        }
    });
    for _ in 0..60 {
        world.log.emit_many("r1", 64);
    }
    reader.await.unwrap();
}
