//! Runs that are taken back to a frame, as clients and the database see them.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, READER, count, database, launch, refusal, scratch_with, start, until_true, wait_for,
};

/// Token of somebody with every scope who launched nothing and is no administrator.
const STRANGER: &str = "stranger-token";
/// Token of an administrator.
const ADMIN: &str = "admin-token";

fn scratch() -> Scratch {
    let everything =
        |role: &str, user: &str| json!({ "role": role, "scopes": ["*"], "userId": user });
    let mut scratch = scratch_with(&json!({
        OPERATOR: everything("operator", "user:op"),
        STRANGER: everything("operator", "user:other"),
        ADMIN: everything("Admin", "user:admin"),
        READER: { "role": "viewer", "scopes": ["run:read"], "userId": "user:reader" },
    }));
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/it/rewind.tsx");
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

fn to_frame(run: &str, frame: u64) -> Value {
    json!({ "runId": run, "frameNo": frame, "confirm": true })
}

async fn rewind(gateway: &Gateway, run: &str, frame: u64) -> Value {
    let answer = gateway
        .expect(OPERATOR, "rewindRun", to_frame(run, frame))
        .await;
    answer.unwrap()
}

async fn approve(gateway: &Gateway, run: &str, node: &str) {
    let params = json!({ "runId": run, "nodeId": node, "approved": true });
    gateway
        .expect(OPERATOR, "submitApproval", params)
        .await
        .unwrap();
}

/// The newest frame of a run.
fn newest_frame(scratch: &Scratch, run: &str) -> i64 {
    count(
        scratch,
        &format!("SELECT max(frame_no) FROM _smithers_frames WHERE run_id = '{run}'"),
    )
}

#[tokio::test]
async fn a_run_that_is_taken_back_into_a_loop_goes_on_with_that_pass() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "loop", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let frames = newest_frame(&scratch, "r1");
    // The first frame in which the second pass of the loop is mounted.
    let in_loop = "SELECT min(json_extract(payload_json, '$.frameNo')) FROM _smithers_events
                   WHERE run_id = 'r1' AND type = 'FrameCommitted'
                     AND seq > (SELECT min(seq) FROM _smithers_events WHERE type = 'NodeFinished'
                                AND json_extract(payload_json, '$.iteration') = 1)";
    let frame = count(&scratch, in_loop);
    let events = count(
        &scratch,
        "SELECT count(*) FROM _smithers_events WHERE run_id = 'r1'",
    );
    let answer = rewind(&gateway, "r1", frame.unsigned_abs()).await;
    assert_eq!(answer["newFrameNo"], frame);
    assert_eq!(answer["deletedFrames"], frames - frame);
    assert_eq!(
        answer["deletedAttempts"], 3,
        "two bodies and the sum: {answer}"
    );
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM step WHERE run_id = 'r1'"),
        4
    );
    assert_eq!(count(&scratch, "SELECT n FROM sum WHERE run_id = 'r1'"), 4);
    assert_eq!(
        count(&scratch, "SELECT max(attempt) FROM _smithers_attempts"),
        1
    );
    let numbers = "SELECT count(*) - 1 - max(seq) FROM _smithers_events WHERE run_id = 'r1'";
    assert_eq!(
        count(&scratch, numbers),
        0,
        "the log goes on without a hole"
    );
    assert!(
        count(
            &scratch,
            "SELECT count(*) FROM _smithers_events WHERE run_id = 'r1'"
        ) > events
    );
    assert_eq!(
        newest_frame(&scratch, "r1"),
        frames + 1,
        "one frame more: that of going on"
    );
}

#[tokio::test]
async fn a_rewind_that_was_answered_survives_the_death_of_the_gateway() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "asked", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    approve(&gateway, "r1", "first").await;
    let waits_again = "SELECT count(*) FROM _smithers_approvals WHERE node_id = 'second' AND status = 'requested'";
    until_true("the second question", || async {
        count(&scratch, waits_again) == 1
    })
    .await;
    let answer = rewind(&gateway, "r1", 0).await;
    gateway.kill9().await.unwrap();
    assert_eq!(answer["newFrameNo"], 0);
    let gateway = start(&scratch).await;
    let record = wait_for(&gateway, "r1", "waiting-approval").await;
    assert_eq!(record["runState"]["blocked"]["nodeId"], "first", "{record}");
    assert_eq!(count(&scratch, "SELECT count(*) FROM step"), 0);
    approve(&gateway, "r1", "first").await;
    until_true("the second question", || async {
        count(&scratch, waits_again) == 1
    })
    .await;
    approve(&gateway, "r1", "second").await;
    wait_for(&gateway, "r1", "finished").await;
    let decisions = "SELECT count(*) FROM _smithers_approval_decisions WHERE node_id = 'first'";
    assert_eq!(
        count(&scratch, decisions),
        2,
        "what was decided stays on record"
    );
}

#[tokio::test]
async fn what_was_decided_before_the_frame_stays_and_what_was_open_is_asked_again() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "asked", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    approve(&gateway, "r1", "first").await;
    let second = "SELECT count(*) FROM _smithers_approvals WHERE node_id = 'second' AND status = 'requested'";
    until_true("the second question", || async {
        count(&scratch, second) == 1
    })
    .await;
    let frame = newest_frame(&scratch, "r1").unsigned_abs();
    approve(&gateway, "r1", "second").await;
    wait_for(&gateway, "r1", "finished").await;
    rewind(&gateway, "r1", frame).await;
    let record = wait_for(&gateway, "r1", "waiting-approval").await;
    assert_eq!(
        record["runState"]["blocked"]["nodeId"], "second",
        "{record}"
    );
    let rows = "SELECT group_concat(node_id || ':' || approved) FROM decision WHERE run_id = 'r1'";
    let conn = database(&scratch);
    let rows: String = conn.query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, "first:1");
    drop(conn);
    approve(&gateway, "r1", "second").await;
    wait_for(&gateway, "r1", "finished").await;
}

#[tokio::test]
async fn signals_that_came_after_the_frame_leave_the_run_but_not_the_record() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "listening", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-event").await;
    let word = |n: u32| json!({ "runId": "r1", "signalName": "word", "payload": { "n": n } });
    gateway
        .expect(OPERATOR, "submitSignal", word(7))
        .await
        .unwrap();
    wait_for(&gateway, "r1", "finished").await;
    rewind(&gateway, "r1", 1).await;
    wait_for(&gateway, "r1", "waiting-event").await;
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_signals"), 0);
    assert_eq!(
        count(&scratch, "SELECT count(*) FROM _smithers_withdrawn_signals"),
        1
    );
    gateway
        .expect(OPERATOR, "submitSignal", word(8))
        .await
        .unwrap();
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(count(&scratch, "SELECT n FROM word"), 8);
}

#[tokio::test]
async fn rows_that_a_retry_has_undone_come_back_with_their_frame() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "loop", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let frame = newest_frame(&scratch, "r1").unsigned_abs();
    let again = json!({ "runId": "r1", "nodeId": "sum" });
    gateway.expect(OPERATOR, "retryTask", again).await.unwrap();
    until_true("the second sum", || async {
        count(
            &scratch,
            "SELECT count(*) FROM _smithers_attempts WHERE node_id = 'sum' AND state = 'finished'",
        ) == 2
    })
    .await;
    wait_for(&gateway, "r1", "finished").await;
    let places = "SELECT seq FROM _smithers_output_provenance WHERE output_table = 'sum'";
    let undone = "SELECT seq FROM _smithers_undone_outputs WHERE output_table = 'sum'";
    let first = count(&scratch, undone);
    assert!(count(&scratch, places) > first);
    rewind(&gateway, "r1", frame).await;
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(
        count(&scratch, places),
        first,
        "the first sum is the one that counts"
    );
    assert_eq!(count(&scratch, "SELECT n FROM sum"), 4);
}

#[tokio::test]
async fn who_may_rewind_is_checked_and_every_try_leaves_a_row_that_nobody_can_change() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "loop", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    let refused = refusal(&gateway, READER, "rewindRun", to_frame("r1", 1)).await;
    assert_eq!((refused.status, &*refused.code), (403, "FORBIDDEN"));
    let refused = refusal(&gateway, STRANGER, "rewindRun", to_frame("r1", 1)).await;
    assert_eq!((refused.status, &*refused.code), (401, "Unauthorized"));
    let refused = refusal(&gateway, OPERATOR, "rewindRun", to_frame("r1", 99)).await;
    assert_eq!((refused.status, &*refused.code), (400, "FrameOutOfRange"));
    gateway
        .expect(ADMIN, "rewindRun", to_frame("r1", 1))
        .await
        .unwrap();
    wait_for(&gateway, "r1", "finished").await;
    let trail = "SELECT group_concat(caller || ' ' || to_frame_no || ' ' || result, ', ')
                 FROM (SELECT * FROM _smithers_time_travel_audit ORDER BY id)";
    let conn = database(&scratch);
    let rows: String = conn.query_row(trail, [], |row| row.get(0)).unwrap();
    assert_eq!(
        rows,
        "user:other 1 failed, user:op 99 failed, user:admin 1 success"
    );
    drop(conn);
    gateway.stop().await.unwrap();
    let conn = rusqlite::Connection::open(scratch.database()).unwrap();
    for change in [
        "UPDATE _smithers_time_travel_audit SET result = 'success' WHERE caller = 'user:other'",
        "DELETE FROM _smithers_time_travel_audit",
        "INSERT OR REPLACE INTO _smithers_time_travel_audit SELECT * FROM _smithers_time_travel_audit WHERE id = 1",
    ] {
        let refused = conn.execute(change, []).unwrap_err();
        assert!(
            refused.to_string().contains("the trail of rewinds"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_caller_has_ten_tries_an_hour_for_each_run() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "loop", "r1", json!({})).await;
    launch(&gateway, "loop", "r2", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    wait_for(&gateway, "r2", "finished").await;
    for _ in 0..10 {
        let refused = refusal(&gateway, OPERATOR, "rewindRun", to_frame("r1", 99)).await;
        assert_eq!(refused.code, "FrameOutOfRange");
    }
    for _ in 0..2 {
        let refused = refusal(&gateway, OPERATOR, "rewindRun", to_frame("r1", 1)).await;
        assert_eq!((refused.status, &*refused.code), (429, "RateLimited"));
    }
    let rejected = "SELECT count(*) FROM _smithers_time_travel_audit WHERE result = 'rejected'";
    assert_eq!(count(&scratch, rejected), 2);
    gateway
        .expect(ADMIN, "rewindRun", to_frame("r1", 1))
        .await
        .unwrap();
    rewind(&gateway, "r2", 1).await;
}

#[tokio::test]
async fn a_history_that_was_tampered_with_is_not_gone_back_to() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "loop", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    gateway.stop().await.unwrap();
    let conn = rusqlite::Connection::open(scratch.database()).unwrap();
    let tamper = "UPDATE _smithers_snapshots SET content = zeroblob(length(content)) WHERE n = 1";
    conn.execute(tamper, []).unwrap();
    drop(conn);
    let gateway = start(&scratch).await;
    let refused = refusal(&gateway, OPERATOR, "rewindRun", to_frame("r1", 1)).await;
    assert_eq!((refused.status, &*refused.code), (500, "RewindFailed"));
    assert_eq!(
        wait_for(&gateway, "r1", "finished").await["status"],
        "finished"
    );
}
