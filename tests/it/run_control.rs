//! People steer a run: pause, resume, retry a task, launch it once more.

use serde_json::json;

use crate::support::{
    OPERATOR, READER, count, launch, refusal, scratch, start, until_true, wait_for,
};

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

#[tokio::test]
async fn a_failed_task_is_done_again_over_a_restart_and_the_run_has_one_log() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "failing", "r1", json!({})).await;
    wait_for(&gateway, "r1", "failed").await;
    gateway.stop().await.unwrap();
    let gateway = start(&scratch).await;
    let params = json!({ "runId": "r1", "nodeId": "boom" });
    let answer = gateway.expect(OPERATOR, "retryTask", params).await.unwrap();
    assert_eq!(
        answer,
        json!({ "runId": "r1", "nodeId": "boom", "iteration": 0, "resetNodes": ["boom"], "status": "retry_requested" })
    );
    wait_for(&gateway, "r1", "failed").await;
    let attempts = "SELECT count(*) FROM _smithers_attempts WHERE attempt = 2 AND state = 'failed'";
    let ends = "SELECT count(*) FROM _smithers_events WHERE type = 'RunFailed'";
    until_true("the second failure", || async {
        (count(&scratch, attempts), count(&scratch, ends)) == (1, 2)
    })
    .await;
    let nothing = json!({ "runId": "r1", "nodeId": "zz" });
    let refused = refusal(&gateway, OPERATOR, "retryTask", nothing).await;
    assert_eq!(
        (refused.status, &*refused.message),
        (404, "Node not found: r1/zz/0")
    );
}

#[tokio::test]
async fn a_task_of_a_run_that_executes_is_not_retried() {
    let mut scratch = scratch();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    launch(&gateway, "slow", "r1", json!({})).await;
    wait_for(&gateway, "r1", "running").await;
    let params = json!({ "runId": "r1", "nodeId": "work" });
    let refused = refusal(&gateway, OPERATOR, "retryTask", params).await;
    assert_eq!((refused.status, &*refused.code), (409, "RUN_ACTIVE"));
}

#[tokio::test]
async fn a_rerun_has_the_input_of_the_first_run_and_says_whose() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "echo", "r1", json!({ "text": "hello" })).await;
    wait_for(&gateway, "r1", "finished").await;
    let params = json!({ "runId": "r1", "newRunId": "r2" });
    let answer = gateway
        .expect(OPERATOR, "runs.rerun", params)
        .await
        .unwrap();
    assert_eq!(answer["runId"], "r2");
    let record = wait_for(&gateway, "r2", "finished").await;
    let config = record["configJson"].as_str().unwrap();
    assert!(config.contains(r#""rerunOf":"r1""#), "{config}");
    let output = json!({ "runId": "r2", "nodeId": "echo", "iteration": 0 });
    let output = gateway.expect(OPERATOR, "getNodeOutput", output).await;
    assert_eq!(output.unwrap()["row"]["text"], "hello");
    launch(&gateway, "chain", "r3", json!({})).await;
    let bare = json!({ "runId": "r3" });
    let answer = gateway.expect(OPERATOR, "runs.rerun", bare).await.unwrap();
    wait_for(&gateway, answer["runId"].as_str().unwrap(), "finished").await;
    let refused = refusal(&gateway, OPERATOR, "runs.rerun", json!({ "runId": "no" })).await;
    assert_eq!((refused.status, &*refused.code), (404, "NOT_FOUND"));
}
