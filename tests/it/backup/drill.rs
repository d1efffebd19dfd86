//! A drill end to end, and the read-only gateway that it is made with.

use serde_json::{Value, json};
use smithers_testkit::Gateway;

use super::{back_up, read_to, stream};
use crate::support::{
    OPERATOR, Operator, binary, count, database, error_of, launch, refusal, run, scratch, start,
    wait_for,
};

/// Outcome and particulars of the newest drill that the audit trail tells of.
fn recorded(scratch: &smithers_testkit::Scratch) -> (String, Value) {
    let sql = "SELECT outcome, detail_json FROM _smithers_audit
               WHERE kind = 'restore_drill' ORDER BY seq DESC LIMIT 1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let (outcome, detail) = database(scratch).query_row(sql, [], row).unwrap();
    (outcome, serde_json::from_str(&detail).unwrap())
}

#[tokio::test]
async fn backups_are_restored_in_a_drill_and_the_live_database_says_so() {
    let operator = Operator::start().await;
    for run in ["r1", "r2", "r3"] {
        launch(&operator.gateway, "chain", run, json!({})).await;
        wait_for(&operator.gateway, run, "finished").await;
    }
    let drill = operator.json(&["backup", "drill", "--keep", "2"]).await;
    assert_eq!(drill["ok"], true, "{drill}");
    assert_eq!(drill["runs"], 3, "{drill}");
    let mut socket = stream(&operator.gateway, "r1", 0).await;
    let events = read_to(&mut socket, "run.completed").await.len();
    assert_eq!(drill["events"], events, "{drill}");
    let (outcome, detail) = recorded(&operator.scratch);
    assert_eq!(outcome, "passed");
    assert_eq!(detail["ok"], true, "{detail}");
    assert_eq!(detail["backupId"], drill["backupId"], "{detail}");
    assert!(
        detail["durationMs"].is_u64() && detail["at"].is_u64(),
        "{detail}"
    );
    let left = std::fs::read_dir(operator.scratch.path("backups")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == ".drill"), "{left:?}");
}

#[tokio::test]
async fn a_drill_executes_nothing_of_the_runs_that_are_under_way() {
    let mut scratch = scratch();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    launch(&gateway, "slow", "r1", json!({})).await;
    let mut socket = stream(&gateway, "r1", 0).await;
    read_to(&mut socket, "node.finished").await;
    let attempts = "SELECT count(*) FROM _smithers_attempts";
    let before = count(&scratch, attempts);
    let ended = run(&scratch, &["backup", "drill"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(count(&scratch, attempts), before);
    assert_eq!(recorded(&scratch).0, "passed");
}

#[tokio::test]
async fn a_drill_with_a_damaged_backup_fails_and_the_live_database_says_so() {
    let scratch = scratch();
    let _gateway = start(&scratch).await;
    let backup = back_up(&scratch).await;
    let copy = backup.with_file_name("copy");
    std::fs::rename(&backup, &copy).unwrap();
    std::fs::remove_file(copy.join("tokens.json")).unwrap();
    let folder = copy.display().to_string();
    let ended = run(
        &scratch,
        &["backup", "drill", "--backup", &folder, "--json"],
    )
    .await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let error = error_of(&ended);
    assert_eq!(error["code"], "DRILL_FAILED", "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`tokens.json` is missing"),
        "{error}"
    );
    let (outcome, detail) = recorded(&scratch);
    assert_eq!((outcome.as_str(), &detail["ok"]), ("failed", &json!(false)));
}

#[tokio::test]
async fn a_read_only_gateway_shows_what_is_stored_executes_nothing_and_refuses_changes() {
    let mut scratch = scratch();
    scratch.set("IT_WORK_MS", "60000");
    let gateway = start(&scratch).await;
    launch(&gateway, "slow", "r1", json!({})).await;
    let mut socket = stream(&gateway, "r1", 0).await;
    read_to(&mut socket, "node.finished").await;
    gateway.kill9().await.unwrap();
    let attempts = "SELECT count(*) FROM _smithers_attempts";
    let before = count(&scratch, attempts);

    let gateway = Gateway::start_with(binary(), &scratch, &["--read-only"])
        .await
        .unwrap();
    let runs = gateway
        .expect(OPERATOR, "listRuns", json!({}))
        .await
        .unwrap();
    assert_eq!(runs[0]["runId"], "r1", "{runs}");
    for (method, params) in [
        ("launchRun", json!({ "workflow": "chain", "input": {} })),
        ("cancelRun", json!({ "runId": "r1" })),
        ("resumeRun", json!({ "runId": "r1" })),
        ("deleteRun", json!({ "runId": "r1" })),
        ("holdRun", json!({ "runId": "r1", "reason": "x" })),
        (
            "submitApproval",
            json!({ "runId": "r1", "nodeId": "a", "approved": true }),
        ),
    ] {
        let refused = refusal(&gateway, OPERATOR, method, params).await;
        assert_eq!(refused.code, "METHOD_NOT_AVAILABLE", "{refused:?}");
        assert!(
            refused.message.ends_with("this gateway is read-only"),
            "{refused:?}"
        );
    }
    assert_eq!(gateway.stop().await.unwrap(), Some(0));
    assert_eq!(count(&scratch, attempts), before);
    assert_eq!(
        count(
            &scratch,
            "SELECT count(*) FROM _smithers_runs WHERE status = 'running'"
        ),
        1
    );
}
