//! `smithers runs delete` and `hold` against a gateway.

use serde_json::{Value, json};

use crate::support::{Operator, READER, error_of, launch, wait_for};

/// An operator with runs of the workflow `chain` that have finished.
async fn with_finished(runs: &[&str]) -> Operator {
    let operator = Operator::start().await;
    for run in runs {
        launch(&operator.gateway, "chain", run, json!({})).await;
        wait_for(&operator.gateway, run, "finished").await;
    }
    operator
}

/// The ids of the runs that are left, sorted.
async fn left(operator: &Operator) -> Vec<String> {
    let rows = operator.json(&["runs", "list"]).await;
    let ids = rows.as_array().unwrap().iter();
    let mut ids: Vec<String> = ids
        .map(|row| row["runId"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn nothing_is_deleted_without_a_confirmation() {
    let operator = with_finished(&["r1"]).await;
    for command in [
        &["runs", "delete", "r1"][..],
        &["runs", "delete", "--finished-before", "0s"],
    ] {
        let error = operator.error(command).await;
        assert_eq!(error["code"], "CONFIRMATION_REQUIRED", "{error}");
        assert!(error["message"].as_str().unwrap().contains("the run r1"));
    }
    let plan = operator.text(&["runs", "delete", "r1", "--dry-run"]).await;
    let row = plan.lines().nth(1).unwrap();
    assert!(row.starts_with("r1   chain     finished"), "{plan}");
    assert!(row.ends_with("would go"), "{plan}");
    assert_eq!(left(&operator).await, ["r1"]);
}

#[tokio::test]
async fn named_runs_are_deleted_and_each_refusal_is_told() {
    let operator = with_finished(&["r1", "r2"]).await;
    launch(&operator.gateway, "gate", "r3", json!({})).await;
    wait_for(&operator.gateway, "r3", "waiting-approval").await;
    let arguments = ["runs", "delete", "r1", "r3", "nope", "r2", "--confirm"];
    let reason = ["--reason", "cleaning up", "--json"];
    let ended = operator.run(&[&arguments[..], &reason].concat()).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let answers: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answers[0]["runs"][0]["runId"], "r1");
    assert_eq!(answers[1]["error"]["code"], "RUN_ACTIVE");
    assert_eq!(answers[2]["error"]["code"], "RunNotFound");
    assert!(answers[3]["runs"][0]["eventsSha256"].is_string());
    let error = error_of(&ended);
    assert_eq!(error["code"], "NOT_ALL_DELETED", "{error}");
    assert_eq!(error["message"], "2 of 4 runs were not deleted");
    assert_eq!(
        left(&operator).await,
        ["r3"],
        "those after a refusal go too"
    );
}

#[tokio::test]
async fn runs_are_chosen_by_status_and_age() {
    let operator = with_finished(&["r1", "r2"]).await;
    launch(&operator.gateway, "failing", "f1", json!({})).await;
    wait_for(&operator.gateway, "f1", "failed").await;
    let delete = |age: &'static str, status: &'static str| {
        let operator = &operator;
        async move {
            let chosen = ["--finished-before", age, "--status", status, "--confirm"];
            operator
                .run(&[&["runs", "delete"], &chosen[..]].concat())
                .await
        }
    };
    let ended = delete("30d", "finished,failed").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "no runs ended that long ago\n");
    assert_eq!(left(&operator).await, ["f1", "r1", "r2"]);
    let ended = delete("0s", "failed").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(left(&operator).await, ["r1", "r2"]);
    let ended = delete("0s", "waiting-approval").await;
    assert_eq!(
        ended.code,
        Some(4),
        "runs that wait have not ended: {ended:?}"
    );
    for wrong in ["30", "a while"] {
        assert_eq!(delete(wrong, "failed").await.code, Some(4), "{wrong}");
    }
}

#[tokio::test]
async fn a_held_run_is_kept_until_it_is_released() {
    let operator = with_finished(&["r1"]).await;
    let hold = ["runs", "hold", "r1", "--reason", "incident 17"];
    let held = operator.json(&hold).await;
    assert_eq!(held["held"], true, "{held}");
    let delete = ["runs", "delete", "r1", "--confirm"];
    let ended = operator.run(&delete).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("Run r1 is held: incident 17 [RUN_HELD]"),
        "{ended:?}"
    );
    operator.text(&["runs", "hold", "r1", "--release"]).await;
    operator.text(&delete).await;
    assert_eq!(left(&operator).await, Vec::<String>::new());
    let usage = operator.run(&["runs", "hold", "r1"]).await;
    assert_eq!(usage.code, Some(4), "a hold says why: {usage:?}");
}

#[tokio::test]
async fn deleting_takes_the_scope_of_administrators() {
    let mut operator = with_finished(&["r1"]).await;
    operator.scratch.set("SMITHERS_API_KEY", READER);
    let error = operator.error(&["runs", "delete", "r1", "--confirm"]).await;
    assert_eq!(error["code"], "FORBIDDEN", "{error}");
    assert!(error["hint"].as_str().unwrap().contains("run:admin"));
    assert_eq!(left(&operator).await, ["r1"]);
}
