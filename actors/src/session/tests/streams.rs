//! `streamRunEvents`: answer, replay, gap, errors and caps (gateway-protocol 8).

use serde_json::{Value, json};

use super::testkit::{Setup, World};
use crate::hub::StreamLimits;

fn seqs(frames: &[Value]) -> Vec<u64> {
    frames
        .iter()
        .map(|frame| frame["payload"]["seq"].as_u64().unwrap())
        .collect()
}

#[actix::test]
async fn the_answer_comes_before_the_replay_and_then_come_live_events() {
    let mut world = World::new();
    world.log.launch("r1");
    world.log.emit_many("r1", 3);
    let mut peer = world.connect("op/*").await;
    let id = peer.send("streamRunEvents", json!({"runId": "r1", "afterSeq": 1}));
    let answer = peer.next().await.json();
    assert_eq!(answer["id"], id.as_str());
    let payload = &answer["payload"];
    assert_eq!(
        (&payload["afterSeq"], &payload["currentSeq"]),
        (&json!(1), &json!(3))
    );
    let mut frames = vec![peer.next().await.json(), peer.next().await.json()];
    world
        .until("the stream is live", || world.hub.status().catching_up == 0)
        .await;
    world.log.emit_many("r1", 1);
    frames.push(peer.next().await.json());
    assert_eq!(seqs(&frames), [2, 3, 4]);
    let last = &frames[2];
    assert_eq!(last["event"], "run.event");
    assert_eq!(last["payload"]["streamId"], payload["streamId"]);
    assert_eq!(
        last["payload"]["payload"],
        json!({"runId": "r1", "nodeId": "t", "state": "finished"})
    );
    assert_eq!(
        (&last["stateVersion"], &last["payload"]["stateVersion"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(
        frames[0]["payload"]["stateVersion"], 2,
        "the version when it was broadcast"
    );
    assert_eq!(
        frames[0]["stateVersion"], 3,
        "the version when it was replayed"
    );
}

#[actix::test]
async fn without_a_number_only_what_comes_from_now_on_is_sent() {
    let mut world = World::new();
    world.log.launch("r1");
    world.log.emit_many("r1", 3);
    let mut peer = world.connect("op/*").await;
    let answer = peer.call("streamRunEvents", json!({"runId": "r1"})).await;
    assert_eq!(answer["payload"]["afterSeq"], Value::Null);
    assert_eq!(answer["payload"]["currentSeq"], 3);
    world.log.emit_many("r1", 2);
    let frames = [peer.next().await.json(), peer.next().await.json()];
    assert_eq!(seqs(&frames), [4, 5]);
}

#[actix::test]
async fn numbers_before_the_window_give_a_gap_with_the_record_and_then_the_window() {
    let mut world = World::with(Setup {
        event_window: 4,
        ..Setup::default()
    });
    world.log.launch("r1");
    world.log.emit_many("r1", 14);
    let mut peer = world.connect("op/*").await;
    let stream = peer.stream("r1", Some(0)).await;
    let gap = peer.next().await.json();
    assert_eq!(gap["event"], "run.gap_resync");
    let expected = json!({
        "apiVersion": "v1", "type": "GapResync", "streamId": stream, "runId": "r1",
        "fromSeq": 1, "toSeq": 10, "snapshot": {"runId": "r1", "status": "running"},
    });
    assert_eq!(gap["payload"], expected);
    world.settle().await;
    world
        .until("it is live", || world.hub.status().catching_up == 0)
        .await;
    assert_eq!(peer.ready_seqs(), [11, 12, 13, 14]);
    peer.stream("r1", Some(10)).await;
    world
        .until("it is live", || world.hub.status().catching_up == 0)
        .await;
    assert_eq!(
        peer.ready_seqs(),
        [11, 12, 13, 14],
        "just before the window nothing is lost"
    );
}

#[actix::test]
async fn bad_requests_are_refused_with_the_recorded_words() {
    let mut world = World::new();
    world.log.launch("r1");
    world.log.emit_many("r1", 4);
    let mut peer = world.connect("op/*").await;
    let cases = [
        (
            json!({"runId": "r1", "afterSeq": 9999}),
            "SeqOutOfRange",
            "afterSeq 9999 is newer than current seq 4",
        ),
        (
            json!({"runId": "r1", "afterSeq": null}),
            "SeqOutOfRange",
            "afterSeq must be a non-negative integer",
        ),
        (json!({}), "InvalidRunId", "runId is required"),
        (
            json!({"runId": "nope"}),
            "RunNotFound",
            "Run not found: nope",
        ),
    ];
    for (params, code, message) in cases {
        let error = &peer.call("streamRunEvents", params).await["error"];
        assert_eq!(
            (&error["code"], &error["message"]),
            (&json!(code), &json!(message))
        );
    }
    assert_eq!(world.hub.status().streams, 0);
}

#[actix::test]
async fn caps_hold_and_a_socket_that_goes_gives_its_streams_back() {
    let streams = StreamLimits {
        per_connection: 2,
        ..StreamLimits::default()
    };
    let mut world = World::with(Setup {
        streams,
        ..Setup::default()
    });
    world.log.launch("r1");
    let mut peer = world.connect("op/*").await;
    peer.stream("r1", None).await;
    peer.stream("r1", None).await;
    let refused = peer.call("streamRunEvents", json!({"runId": "r1"})).await;
    let message = "Gateway run-event subscriber limit reached (connection cap of 2).";
    let error = json!({
        "version": "v1", "code": "RateLimited", "message": message, "scope": "connection", "limit": 2,
    });
    assert_eq!(refused["error"], error);
    peer.vanish();
    world
        .until("the streams are gone", || world.caps.open() == 0)
        .await;
    assert_eq!(world.hub.status(), crate::hub::Status::default());
}

#[actix::test]
async fn streams_end_when_a_second_connect_may_not_stream() {
    let mut world = World::new();
    world.log.launch("r1");
    let mut peer = world.connect("op/*").await;
    peer.stream("r1", None).await;
    peer.connect("inbox/approval:read", None).await;
    assert_eq!(world.hub.status().streams, 0);
    world.log.emit_many("r1", 1);
    world.settle().await;
    assert_eq!(peer.ready(), []);
}
