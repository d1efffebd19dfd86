//! Copies of runs at a frame: they begin with what the run had come to, and change nothing of it.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, Operator, count, launch, refusal, scratch, start, until_true, wait_for,
};

fn workflows() -> Scratch {
    let mut scratch = scratch();
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/rewind.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

async fn ask(gateway: &Gateway, method: &str, params: Value) -> Value {
    gateway.expect(OPERATOR, method, params).await.unwrap()
}

/// A finished run of the loop, and the first frame that follows its second pass.
async fn looped(gateway: &Gateway, scratch: &Scratch) -> i64 {
    launch(gateway, "loop", "r1", json!({})).await;
    wait_for(gateway, "r1", "finished").await;
    let in_loop = "SELECT min(json_extract(payload_json, '$.frameNo')) FROM _smithers_events
                   WHERE run_id = 'r1' AND type = 'FrameCommitted'
                     AND seq > (SELECT min(seq) FROM _smithers_events WHERE type = 'NodeFinished'
                                AND json_extract(payload_json, '$.iteration') = 1)";
    count(scratch, in_loop)
}

#[tokio::test]
async fn a_copy_of_a_loop_in_its_second_pass_goes_on_there_when_it_is_resumed() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    let frame = looped(&gateway, &scratch).await;
    let fork = json!({ "runId": "r1", "frameNo": frame, "newRunId": "r2", "label": "again" });
    assert_eq!(ask(&gateway, "runs.fork", fork).await["runId"], "r2");
    let record = wait_for(&gateway, "r2", "paused").await;
    assert_eq!(record["status"], "paused");
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM step WHERE run_id = 'r2'"),
        2
    );
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    ask(&gateway, "resumeRun", json!({ "runId": "r2" })).await;
    wait_for(&gateway, "r2", "finished").await;
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM step WHERE run_id = 'r2'"),
        4
    );
    let bodies =
        "SELECT count(*) FROM _smithers_events WHERE run_id = 'r2' AND type = 'NodeStarted'";
    assert_eq!(count(&scratch, bodies), 3, "two passes and the sum");
    let nothing = ask(
        &gateway,
        "runs.diff",
        json!({ "leftRunId": "r1", "rightRunId": "r2" }),
    )
    .await;
    assert_eq!(nothing["outputsChanged"], json!([]));
    assert_eq!(nothing["nodesChanged"], json!([]));
    let timeline = ask(&gateway, "runs.timeline", json!({ "runId": "r1" })).await;
    let forked = timeline["frames"].as_array().unwrap();
    let forked = forked.iter().find(|row| row["frameNo"] == frame).unwrap();
    assert_eq!(forked["forks"][0]["label"], "again");
    let origin = ask(&gateway, "runs.timeline", json!({ "runId": "r2" })).await;
    assert_eq!(origin["forkOf"]["runId"], "r1");
}

#[tokio::test]
async fn a_replay_goes_on_at_once_and_its_beginning_is_the_frame_it_was_copied_at() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    let frame = looped(&gateway, &scratch).await;
    let replay = json!({ "runId": "r1", "frameNo": frame, "newRunId": "r2", "start": true });
    ask(&gateway, "runs.fork", replay).await;
    wait_for(&gateway, "r2", "finished").await;
    ask(
        &gateway,
        "rewindRun",
        json!({ "runId": "r2", "frameNo": 0, "confirm": true }),
    )
    .await;
    wait_for(&gateway, "r2", "finished").await;
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM step WHERE run_id = 'r2'"),
        4
    );
    let first = "SELECT count(*) FROM _smithers_attempts WHERE run_id = 'r2' AND node_id = 'body'";
    assert_eq!(
        count(&scratch, first),
        4,
        "the two passes that were copied were not made again"
    );
}

#[tokio::test]
async fn what_was_decided_is_copied_and_what_was_open_is_asked_again() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    launch(&gateway, "asked", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let yes = json!({ "runId": "r1", "nodeId": "first", "approved": true });
    ask(&gateway, "submitApproval", yes).await;
    let second = "SELECT count(*) FROM _smithers_approvals WHERE node_id = 'second' AND status = 'requested'";
    until_true("the second question", || async {
        count(&scratch, second) == 1
    })
    .await;
    let newest = count(
        &scratch,
        "SELECT max(frame_no) FROM _smithers_frames WHERE run_id = 'r1'",
    );
    let fork = json!({ "runId": "r1", "frameNo": newest, "newRunId": "r2", "start": true });
    ask(&gateway, "runs.fork", fork).await;
    let record = wait_for(&gateway, "r2", "waiting-approval").await;
    assert_eq!(
        record["runState"]["blocked"]["nodeId"], "second",
        "{record}"
    );
    let again = json!({ "runId": "r1", "frameNo": newest, "newRunId": "r3", "start": true, "resetNodes": ["first"] });
    ask(&gateway, "runs.fork", again).await;
    let record = wait_for(&gateway, "r3", "waiting-approval").await;
    assert_eq!(record["runState"]["blocked"]["nodeId"], "first", "{record}");
    assert_eq!(
        wait_for(&gateway, "r1", "waiting-approval").await["status"],
        "waiting-approval"
    );
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_is_refused_and_leaves_nothing() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    looped(&gateway, &scratch).await;
    for (params, code) in [
        (json!({ "runId": "r9", "frameNo": 1 }), "NOT_FOUND"),
        (json!({ "runId": "r1", "frameNo": 99 }), "FrameOutOfRange"),
        (json!({ "runId": "r1" }), "InvalidFrameNo"),
        (
            json!({ "runId": "r1", "frameNo": 1, "newRunId": "r1" }),
            "CONFLICT",
        ),
        (
            json!({ "runId": "r1", "frameNo": 1, "resetNodes": ["zz"] }),
            "NOT_FOUND",
        ),
    ] {
        let refused = refusal(&gateway, OPERATOR, "runs.fork", params.clone()).await;
        assert_eq!(refused.code, code, "{params}");
    }
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_runs"), 1);
}

#[tokio::test]
async fn people_travel_on_the_command_line() {
    let operator = Operator::with(workflows()).await;
    let gateway = &operator.gateway;
    looped(gateway, &operator.scratch).await;
    let unconfirmed = operator.error(&["runs", "rewind", "r1", "2"]).await;
    assert_eq!(unconfirmed["code"], "CONFIRMATION_REQUIRED");
    let rewound = operator
        .text(&["runs", "rewind", "r1", "2", "--confirm"])
        .await;
    assert!(rewound.contains("r1 goes on from frame 2"), "{rewound}");
    wait_for(gateway, "r1", "finished").await;
    let copied = operator
        .text(&["runs", "fork", "r1", "2", "--run-id", "r2"])
        .await;
    assert!(copied.contains("r2 is a copy of r1 at frame 2"), "{copied}");
    operator
        .text(&["runs", "replay", "r1", "0", "--run-id", "r3"])
        .await;
    wait_for(gateway, "r3", "finished").await;
    let same = operator.text(&["runs", "diff", "r1", "r3"]).await;
    assert!(same.contains("no difference"), "{same}");
    let timeline = operator.text(&["runs", "timeline", "r1"]).await;
    assert!(timeline.contains("r2"), "{timeline}");
}
