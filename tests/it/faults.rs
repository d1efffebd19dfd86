//! The disk under the whole product: it takes no more, or nothing at all.
//!
//! A limit on the size of files stands in for a full disk: it needs no rights, and can be set and lifted while the gateway
//! runs. What SQLite makes of the errors of a disk, one by one, is tested below it, in `smithers_store`.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, PATIENCE, approve, binary, count, get, launch, run, scratch, wait_for,
};

/// A gateway whose writes beyond a limit fail instead of ending it.
async fn start_limitable(scratch: &Scratch) -> Gateway {
    let script = scratch.path("gateway.sh");
    let text = format!(
        "#!/bin/sh\ntrap '' XFSZ\nexec '{}' \"$@\"\n",
        binary().display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    Gateway::start(&script, scratch).await.unwrap()
}

/// Lets no file of the gateway grow beyond `bytes`; `unlimited` lifts it.
fn limit_files(gateway: &Gateway, bytes: &str) {
    let id = gateway.process_id().unwrap().to_string();
    let limit = format!("--fsize={bytes}:");
    let done = Command::new("prlimit")
        .args(["--pid", &id, &limit])
        .status();
    assert!(done.unwrap().success());
}

fn log_of_database(scratch: &Scratch) -> PathBuf {
    scratch.path("smithers.db-wal")
}

async fn health(gateway: &Gateway) -> (u16, Value) {
    let answer = get(gateway, None, "/health").await;
    (answer.status, answer.json().unwrap())
}

async fn wait_for_health(gateway: &Gateway, status: u16) {
    let what = format!("health {status}");
    let reached = until(&what, PATIENCE, || async {
        Ok((health(gateway).await.0 == status).then_some(()))
    });
    reached.await.unwrap();
}

#[tokio::test]
async fn a_disk_that_takes_no_more_ends_in_503_and_recovers_with_nothing_acknowledged_lost() {
    let scratch = scratch();
    let gateway = start_limitable(&scratch).await;
    launch(&gateway, "gate", "before", json!({})).await;
    let full = std::fs::metadata(log_of_database(&scratch)).unwrap().len();
    limit_files(&gateway, &full.to_string());
    // The sign of life of an idle gateway finds it, and a launch does.
    let params = json!({ "workflow": "gate", "input": {}, "options": { "runId": "refused" } });
    let refused = gateway.call(OPERATOR, "launchRun", params).await.unwrap();
    assert!(refused.is_err(), "{refused:?}");
    wait_for_health(&gateway, 503).await;
    assert_eq!(health(&gateway).await.1["ok"], false);
    let known = gateway
        .expect(OPERATOR, "getRun", json!({ "runId": "before" }))
        .await;
    assert_eq!(known.unwrap()["runId"], "before", "reads go on");
    assert!(approve(&gateway, "before").await.is_err());
    limit_files(&gateway, "unlimited");
    wait_for_health(&gateway, 200).await;
    approve(&gateway, "before").await.unwrap();
    wait_for(&gateway, "before", "finished").await;
    launch(&gateway, "chain", "after", json!({})).await;
    wait_for(&gateway, "after", "finished").await;
    gateway.stop().await.unwrap();
    let gaps = "SELECT count(*) FROM (SELECT max(seq) + 1 - count(*) AS missing FROM _smithers_events GROUP BY run_id)
                WHERE missing <> 0";
    assert_eq!(count(&scratch, gaps), 0);
}

#[tokio::test]
async fn a_file_system_that_takes_no_files_is_refused_with_its_path() {
    let mut scratch = scratch();
    // Nobody makes files there, not even root.
    scratch.set("SMITHERS_DB_PATH", "/proc/smithers/smithers.db");
    let ended = run(&scratch, &["gateway"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("/proc/smithers"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint:"), "{}", ended.stderr);
}
