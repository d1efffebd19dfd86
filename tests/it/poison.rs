//! A row that the user's own database rules refuse costs its run and no other.

use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::{Value, json};
use smithers_testkit::Scratch;

use crate::support::{OPERATOR, PATIENCE, launch, scratch, start, wait_for};

/// Runs that are launched together; one of them is poisoned.
const RUNS: usize = 50;
const POISONED: usize = 17;

/// Adds a rule to the table of notes, as a user may while the gateway runs.
fn forbid_poison(scratch: &Scratch) {
    let database = Connection::open(scratch.database()).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    let rule = "CREATE TRIGGER no_poison BEFORE INSERT ON note WHEN new.text = 'poison'
                BEGIN SELECT raise(ABORT, 'notes must not be poison'); END";
    database.execute_batch(rule).unwrap();
}

#[tokio::test]
async fn a_row_that_a_trigger_refuses_fails_its_run_with_the_reason_and_49_others_finish() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    forbid_poison(&scratch);
    let runs: Vec<String> = (0..RUNS).map(|n| format!("run-{n}")).collect();
    let launches = runs.iter().enumerate().map(|(n, run)| {
        let text = if n == POISONED { "poison" } else { "fine" };
        launch(&gateway, "echo", run, json!({ "text": text }))
    });
    join_all(launches).await;
    for (n, run) in runs.iter().enumerate() {
        let status = if n == POISONED { "failed" } else { "finished" };
        let record = wait_for(&gateway, run, status).await;
        if n == POISONED {
            let error = record["errorJson"].as_str().unwrap();
            assert!(error.contains("DB_WRITE_FAILED"), "{error}");
            assert!(error.contains("notes must not be poison"), "{error}");
        }
    }
    let output = json!({ "runId": runs[POISONED], "nodeId": "echo", "iteration": 0 });
    let output = gateway.expect(OPERATOR, "getNodeOutput", output).await;
    assert_eq!(output.unwrap()["row"], Value::Null);
}
