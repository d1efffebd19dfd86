//! People steer a run: pause and resume, over a restart too.

use serde_json::json;

use crate::support::{OPERATOR, READER, count, launch, refusal, scratch, start, wait_for};

#[tokio::test]
async fn a_paused_run_stays_paused_over_a_restart_and_goes_on_when_it_is_resumed() {
    let mut scratch = scratch();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    launch(&gateway, "slow", "r1", json!({})).await;
    wait_for(&gateway, "r1", "running").await;
    let params = json!({ "runId": "r1" });
    let answer = gateway.expect(OPERATOR, "pauseRun", params.clone()).await;
    assert_eq!(
        answer.unwrap(),
        json!({ "runId": "r1", "status": "pausing" })
    );
    let asked = gateway.expect(OPERATOR, "getRun", params.clone()).await;
    assert!(asked.unwrap()["pauseRequestedAtMs"].is_i64());
    gateway.stop().await.unwrap();

    scratch.set("IT_WORK_MS", "0");
    let gateway = start(&scratch).await;
    let record = wait_for(&gateway, "r1", "paused").await;
    assert_eq!(record["runState"]["state"], "paused");
    assert_eq!(record["pauseRequestedAtMs"], json!(null));
    let again = refusal(&gateway, OPERATOR, "pauseRun", params.clone()).await;
    assert_eq!(
        (again.status, again.code.as_str(), again.message.as_str()),
        (409, "RUN_NOT_ACTIVE", "Run is not currently executing")
    );
    let answer = gateway.expect(OPERATOR, "resumeRun", params).await.unwrap();
    assert_eq!(answer["status"], "resume_requested");
    wait_for(&gateway, "r1", "finished").await;
    let pauses = "SELECT count(*) FROM _smithers_audit WHERE kind = 'pause' AND run_id = 'r1'";
    assert_eq!(count(&scratch, pauses), 1);
}

#[tokio::test]
async fn a_pause_needs_the_right_to_write_and_a_run() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let known = json!({ "runId": "r1" });
    let refused = refusal(&gateway, READER, "pauseRun", known.clone()).await;
    assert_eq!(refused.code, "FORBIDDEN");
    let refused = refusal(&gateway, OPERATOR, "runs.pause", known).await;
    assert_eq!(refused.code, "RUN_NOT_ACTIVE");
    let refused = refusal(&gateway, OPERATOR, "pauseRun", json!({ "runId": "nope" })).await;
    assert_eq!(
        (refused.status, refused.code.as_str(), &*refused.message),
        (404, "RunNotFound", "Run not found")
    );
}
