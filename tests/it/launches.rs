//! What a launch promises, and what it refuses.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, approve, count, database, launch, refusal, scratch, start, wait_for,
};

fn with_key(workflow: &str, key: &str) -> Value {
    json!({ "workflow": workflow, "input": {}, "idempotencyKey": key })
}

async fn launched(gateway: &Gateway, params: Value) -> String {
    let answer = gateway.expect(OPERATOR, "launchRun", params).await.unwrap();
    answer["runId"].as_str().unwrap().to_owned()
}

/// How many rows each table of the database holds.
fn row_counts(scratch: &Scratch) -> BTreeMap<String, i64> {
    let database = database(scratch);
    let mut tables = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap();
    let names: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    names
        .into_iter()
        .map(|name| {
            let rows = count(scratch, &format!("SELECT count(*) FROM \"{name}\""));
            (name, rows)
        })
        .collect()
}

#[tokio::test]
async fn three_static_tasks_launched_over_http_run_to_completion() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    let record = wait_for(&gateway, "r1", "finished").await;
    assert_eq!(record["summary"], json!({ "finished": 3 }));
    for n in 1..=3 {
        let params = json!({ "runId": "r1", "nodeId": format!("step-{n}"), "iteration": 0 });
        let output = gateway
            .expect(OPERATOR, "getNodeOutput", params)
            .await
            .unwrap();
        assert_eq!(
            (&output["status"], &output["row"]["n"]),
            (&json!("produced"), &json!(n))
        );
    }
}

#[tokio::test]
async fn the_id_of_a_finished_run_cannot_be_launched_again() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    let first = wait_for(&gateway, "r1", "finished").await;
    for workflow in ["chain", "gate"] {
        let again = json!({ "workflow": workflow, "options": { "runId": "r1" } });
        let refused = refusal(&gateway, OPERATOR, "launchRun", again).await;
        assert_eq!((refused.status, refused.code.as_str()), (409, "CONFLICT"));
        assert_eq!(refused.message, "Run r1 already exists");
    }
    let still = wait_for(&gateway, "r1", "finished").await;
    assert_eq!(still["finishedAtMs"], first["finishedAtMs"]);
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_runs"), 1);
}

#[tokio::test]
async fn the_id_of_a_run_under_way_cannot_be_launched_again() {
    let mut scratch = scratch();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    launch(&gateway, "slow", "running", json!({})).await;
    launch(&gateway, "gate", "parked", json!({})).await;
    wait_for(&gateway, "parked", "waiting-approval").await;
    for run in ["running", "parked"] {
        let again = json!({ "workflow": "chain", "options": { "runId": run } });
        let refused = refusal(&gateway, OPERATOR, "launchRun", again).await;
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (409, "CONFLICT"),
            "{run}"
        );
    }
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_runs"), 2);
}

#[tokio::test]
async fn of_many_simultaneous_launches_of_one_id_a_single_one_wins() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let launches = (0..20).map(|_| {
        gateway.call(
            OPERATOR,
            "launchRun",
            json!({ "workflow": "chain", "options": { "runId": "r1" } }),
        )
    });
    let answers: Vec<_> = join_all(launches)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        answers.iter().filter(|answer| answer.is_ok()).count(),
        1,
        "{answers:?}"
    );
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(
        refused
            .into_iter()
            .all(|refused| refused.code == "CONFLICT"),
        "{answers:?}"
    );
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_runs"), 1);
}

#[tokio::test]
async fn input_that_violates_the_schema_is_refused_and_leaves_nothing_behind() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(
        &gateway,
        "strict",
        "good",
        json!({ "count": 1, "name": "x" }),
    )
    .await;
    wait_for(&gateway, "good", "finished").await;
    let before = row_counts(&scratch);
    assert_eq!((before["_smithers_runs"], before["input"]), (1, 1));
    let bad = [
        json!({}),
        json!({ "count": "1", "name": "x" }),
        json!({ "count": 0, "name": "x" }),
        json!({ "count": 1.5, "name": "x" }),
        json!({ "count": 1, "name": null }),
    ];
    for (n, input) in bad.into_iter().enumerate() {
        let params = json!({ "workflow": "strict", "input": input, "idempotencyKey": format!("key-{n}"),
            "options": { "runId": format!("bad-{n}") } });
        let refused = refusal(&gateway, OPERATOR, "launchRun", params).await;
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (400, "INVALID_INPUT"),
            "{refused:?}"
        );
        let names_the_field = refused.message.contains("count") || refused.message.contains("name");
        assert!(names_the_field, "{refused:?}");
    }
    assert_eq!(row_counts(&scratch), before);
    let params = json!({ "workflow": "strict", "input": { "count": 2, "name": "x" }, "idempotencyKey": "key-0",
        "options": { "runId": "bad-0" } });
    assert_eq!(
        launched(&gateway, params).await,
        "bad-0",
        "neither id nor key is used up"
    );
}

#[tokio::test]
async fn an_idempotency_key_launches_once_also_at_the_same_time_and_after_a_restart() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let launches = (0..20).map(|_| launched(&gateway, with_key("chain", "build-7")));
    let runs: BTreeSet<String> = join_all(launches).await.into_iter().collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    let run = runs.first().unwrap();
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_runs"), 1);
    wait_for(&gateway, run, "finished").await;
    assert_eq!(&launched(&gateway, with_key("chain", "build-7")).await, run);
    assert_eq!(gateway.stop().await.unwrap(), Some(0));

    let gateway = start(&scratch).await;
    assert_eq!(&launched(&gateway, with_key("chain", "build-7")).await, run);
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_runs"), 1);
    assert_ne!(&launched(&gateway, with_key("chain", "build-8")).await, run);
    assert_ne!(
        &launched(&gateway, with_key("gate", "build-7")).await,
        run,
        "the key is the workflow's own"
    );
}

#[tokio::test]
async fn a_launch_says_what_is_wrong_with_it() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let with = |options: Value| json!({ "workflow": "chain", "options": options });
    let cases = [
        (json!({}), 400, "INVALID_REQUEST", "workflow is required"),
        (
            json!({ "workflow": "nope" }),
            404,
            "NOT_FOUND",
            "Unknown workflow: nope",
        ),
        (
            with(json!({ "runId": "Bad Id" })),
            400,
            "InvalidRunId",
            "runId must match /^[a-z0-9_-][a-z0-9_.-]{0,63}$/.",
        ),
        (
            with(json!({ "runId": ".hidden" })),
            400,
            "InvalidRunId",
            "runId must match /^[a-z0-9_-][a-z0-9_.-]{0,63}$/.",
        ),
        (
            with(json!({ "maxConcurrency": 0 })),
            400,
            "INVALID_INPUT",
            "maxConcurrency must be a finite number greater than 0.",
        ),
        (
            with(json!({ "maxOutputBytes": 1.5 })),
            400,
            "INVALID_INPUT",
            "maxOutputBytes must be an integer greater than 0.",
        ),
        (
            with(json!({ "toolTimeoutMs": "soon" })),
            400,
            "INVALID_INPUT",
            "toolTimeoutMs must be a finite number greater than 0.",
        ),
    ];
    for (params, status, code, message) in cases {
        let refused = refusal(&gateway, OPERATOR, "launchRun", params.clone()).await;
        let told = (
            refused.status,
            refused.code.as_str(),
            refused.message.as_str(),
        );
        assert_eq!(told, (status, code, message), "{params}");
    }
    assert_eq!(count(&scratch, "SELECT count(*) FROM _smithers_runs"), 0);
}

#[tokio::test]
async fn a_socket_hears_nothing_of_a_run_whose_launch_or_decision_was_refused() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "taken", json!({})).await;
    wait_for(&gateway, "taken", "waiting-approval").await;
    let mut socket = gateway.connect(OPERATOR, Some(&["mine"])).await.unwrap();
    let decision = json!({ "runId": "later", "nodeId": "approve", "approved": true });
    let refused = socket.request("submitApproval", decision).await;
    refused.expect_err("there is no such run");
    let mut again = with_key("chain", "a fresh key");
    again["options"] = json!({ "runId": "taken" });
    let refused = socket.request("launchRun", again).await;
    refused.expect_err("the id belongs to another run");
    launch(&gateway, "chain", "later", json!({})).await;
    approve(&gateway, "taken").await.unwrap();
    wait_for(&gateway, "later", "finished").await;
    wait_for(&gateway, "taken", "finished").await;
    launch(&gateway, "chain", "mine", json!({})).await;
    let ended = |frame: &Value| frame["event"] == "run.completed";
    let first_end = socket.find("the end of a run", ended).await.unwrap();
    assert_eq!(first_end["payload"]["runId"], "mine");
    let heard: BTreeSet<_> = socket
        .take_arrived()
        .iter()
        .filter_map(|frame| frame["payload"]["runId"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(heard, BTreeSet::from(["mine".to_owned()]));
}
