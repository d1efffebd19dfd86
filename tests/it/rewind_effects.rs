//! Rewinds over effects on the world outside: what stands in the way, what is taken back, and what becomes of a gateway
//! that dies in the middle of that.

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, count, launch, refusal, scratch, start, until_true, wait_for};

fn workflows() -> Scratch {
    let mut scratch = scratch();
    let module = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/it/effects_undone.tsx"
    );
    scratch.set("SMITHERS_GATEWAY_MODULE", module);
    scratch
}

async fn finished(gateway: &Gateway, workflow: &str) {
    launch(gateway, workflow, "r1", json!({})).await;
    wait_for(gateway, "r1", "finished").await;
}

fn back(more: Value) -> Value {
    let mut params = json!({ "runId": "r1", "frameNo": 1, "confirm": true });
    for (key, value) in more.as_object().unwrap() {
        params[key] = value.clone();
    }
    params
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|effect| effect["nodeId"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_effect_that_cannot_be_taken_back_stands_in_the_way_until_it_is_forced() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    finished(&gateway, "sticky").await;
    let refused = refusal(&gateway, OPERATOR, "rewindRun", back(json!({}))).await;
    assert_eq!(
        (refused.status, &*refused.code),
        (409, "TIME_TRAVEL_SIDE_EFFECT_BLOCKED")
    );
    wait_for(&gateway, "r1", "finished").await;
    let forced = back(json!({ "force": true }));
    let answer = gateway.expect(OPERATOR, "rewindRun", forced).await.unwrap();
    let boundary = &answer["effectBoundary"];
    assert_eq!(names(&boundary["blocking"]), ["mail"]);
    assert_eq!(names(&boundary["warnings"]), ["ping"]);
    wait_for(&gateway, "r1", "finished").await;
    let archived = "SELECT count(*) FROM _smithers_tool_call_archive WHERE archive_reason = 'rewind to frame 1'";
    assert_eq!(count(&scratch, archived), 2);
    let crossed = "SELECT count(*) FROM _smithers_events WHERE type = 'SideEffectBoundaryCrossed'";
    assert_eq!(count(&scratch, crossed), 1);
}

#[tokio::test]
async fn effects_are_taken_back_the_newest_first_before_the_run_is() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    finished(&gateway, "tidy").await;
    let answer = gateway
        .expect(OPERATOR, "rewindRun", back(json!({})))
        .await
        .unwrap();
    assert_eq!(
        names(&answer["effectBoundary"]["revertible"]),
        ["second", "first"]
    );
    wait_for(&gateway, "r1", "finished").await;
    let reverted =
        "SELECT count(*) FROM _smithers_tool_call_archive WHERE revert_status = 'reverted'";
    assert_eq!(count(&scratch, reverted), 2);
    let trail = "SELECT count(*) FROM _smithers_time_travel_audit WHERE result = 'success'";
    assert_eq!(
        count(&scratch, trail),
        1,
        "one row, which was under way meanwhile"
    );
}

#[tokio::test]
async fn effects_that_are_left_as_they_are_stand_in_the_way() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    finished(&gateway, "tidy").await;
    let left = back(json!({ "noRevert": true }));
    let refused = refusal(&gateway, OPERATOR, "rewindRun", left).await;
    assert_eq!(refused.code, "TIME_TRAVEL_SIDE_EFFECT_BLOCKED");
    let forced = back(json!({ "noRevert": true, "force": true }));
    gateway.expect(OPERATOR, "rewindRun", forced).await.unwrap();
    wait_for(&gateway, "r1", "finished").await;
    let reverted =
        "SELECT count(*) FROM _smithers_tool_call_archive WHERE revert_status IS NOT NULL";
    assert_eq!(count(&scratch, reverted), 0);
}

#[tokio::test]
async fn a_run_whose_effect_cannot_be_taken_back_stays_where_it_is() {
    let scratch = workflows();
    let gateway = start(&scratch).await;
    finished(&gateway, "failing").await;
    let refused = refusal(&gateway, OPERATOR, "rewindRun", back(json!({}))).await;
    assert_eq!((refused.status, &*refused.code), (500, "RewindFailed"));
    assert!(
        refused.message.contains("the other side is away"),
        "{}",
        refused.message
    );
    wait_for(&gateway, "r1", "finished").await;
    assert_eq!(count(&scratch, "SELECT count(*) FROM step"), 3);
    let failed = "SELECT count(*) FROM _smithers_time_travel_audit WHERE result = 'failed'";
    assert_eq!(count(&scratch, failed), 1);
}

#[tokio::test]
async fn a_rewind_that_is_cut_off_while_effects_are_taken_back_fails_its_run_at_the_next_start() {
    let mut scratch = workflows();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    finished(&gateway, "slow").await;
    let under_way = "SELECT count(*) FROM _smithers_time_travel_audit WHERE result = 'in_progress'";
    let asking = gateway.call(OPERATOR, "rewindRun", back(json!({})));
    let dying = until_true("the rewind", || async { count(&scratch, under_way) == 1 });
    tokio::select! {
        answer = asking => panic!("the rewind ended: {answer:?}"),
        () = dying => {}
    }
    let again = refusal(&gateway, OPERATOR, "rewindRun", back(json!({}))).await;
    assert_eq!((again.status, &*again.code), (409, "Busy"));
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    let record = wait_for(&gateway, "r1", "failed").await;
    let error = record["error"].to_string() + &record["errorJson"].to_string();
    assert!(error.contains("needsAttention"), "{record}");
    let partial = "SELECT count(*) FROM _smithers_time_travel_audit WHERE result = 'partial'";
    assert_eq!(
        (count(&scratch, under_way), count(&scratch, partial)),
        (0, 1)
    );
    assert_eq!(count(&scratch, "SELECT count(*) FROM step"), 3);
}
