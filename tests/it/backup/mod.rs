//! `smithers backup`, and what clients see of a database that was restored (operations 3).

mod deaths;
mod drill;
mod reconnect;
mod refusals;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use smithers_testkit::{Gateway, Scratch};

use crate::support::{OPERATOR, Operator, launch, run, wait_for};

/// Backs up the database of `scratch` and returns the folder of the backup.
async fn back_up(scratch: &Scratch) -> PathBuf {
    let ended = run(scratch, &["backup", "create", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let created: Value = serde_json::from_str(&ended.stdout).unwrap();
    created["folder"].as_str().unwrap().into()
}

/// Restores a backup to where the gateway of `scratch` expects its database.
async fn restore(scratch: &Scratch, backup: &Path, flags: &[&str]) -> Value {
    let (backup, to) = (
        backup.display().to_string(),
        scratch.database().display().to_string(),
    );
    let arguments = [
        &["backup", "restore", &backup, "--to", &to, "--json"],
        flags,
    ]
    .concat();
    let ended = run(scratch, &arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Removes the database with everything beside it but its backups.
fn destroy(scratch: &Scratch) {
    for entry in std::fs::read_dir(scratch.path("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("smithers.db") {
            std::fs::remove_file(&path).unwrap();
        }
    }
}

/// A stream of a run, as a client holds it over several connections.
async fn stream(gateway: &Gateway, run: &str, after: u64) -> smithers_testkit::Socket {
    let mut socket = gateway.connect(OPERATOR, Some(&[])).await.unwrap();
    let params = json!({ "runId": run, "afterSeq": after });
    socket.request("streamRunEvents", params).await.unwrap();
    socket
}

/// Reads a stream until the event `last`; returns the number and the name of each.
async fn read_to(socket: &mut smithers_testkit::Socket, last: &str) -> Vec<(u64, String)> {
    let mut events = Vec::new();
    loop {
        let frame = socket.next().await.unwrap();
        if frame["event"] != "run.event" {
            assert_ne!(frame["event"], "run.gap_resync", "{frame}");
            continue;
        }
        let payload = &frame["payload"];
        let name = payload["event"].as_str().unwrap().to_owned();
        events.push((payload["seq"].as_u64().unwrap(), name.clone()));
        if name == last {
            return events;
        }
    }
}

#[tokio::test]
async fn a_backup_is_listed_and_verified_with_what_is_in_it() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "chain", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    assert_eq!(operator.json(&["backup", "list"]).await, json!([]));
    let created = operator.json(&["backup", "create"]).await;
    assert_eq!(
        created["contents"]["tables"]["_smithers_runs"], 1,
        "{created}"
    );
    let listed = operator.json(&["backup", "list"]).await;
    assert_eq!(listed[0]["backupId"], created["backupId"], "{listed}");
    let folder = created["folder"].as_str().unwrap();
    let verified = operator.json(&["backup", "verify", folder]).await;
    assert_eq!(verified["manifest"]["backupId"], created["backupId"]);
    let checks = verified["report"]["checks"].as_array().unwrap();
    assert!(
        checks.iter().all(|check| check["outcome"] != "failed"),
        "{verified}"
    );
    let table = operator.text(&["backup", "verify", folder]).await;
    assert!(
        table.contains("audit-chain") && table.contains("module.json"),
        "{table}"
    );
}

#[tokio::test]
async fn a_backup_leaves_its_trace_in_the_audit_trail_of_the_running_gateway() {
    let operator = Operator::start().await;
    let created = operator
        .json(&["backup", "create", "--db-only", "--method", "vacuum"])
        .await;
    assert_eq!(created["files"], json!([]));
    let sql = "SELECT outcome || ' ' || subject || ' ' || (detail_json ->> 'method')
               FROM _smithers_audit WHERE kind = 'backup'";
    let recorded: String = crate::support::database(&operator.scratch)
        .query_row(sql, [], |row| row.get(0))
        .unwrap();
    assert_eq!(
        recorded,
        format!("made {} vacuum", created["backupId"].as_str().unwrap())
    );
}

#[tokio::test]
async fn a_backup_holds_the_grants_and_nothing_that_opens_anything() {
    let scratch = crate::support::scratch();
    let gateway = crate::support::start(&scratch).await;
    let backup = back_up(&scratch).await;
    for entry in std::fs::read_dir(&backup).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let leak = bytes
            .windows(OPERATOR.len())
            .any(|window| window == OPERATOR.as_bytes());
        assert!(!leak, "the bearer is in {}", path.display());
    }
    // With the copy in place of the store, the same bearer is still the operator.
    let copy = std::fs::read(backup.join("tokens.json")).unwrap();
    std::fs::write(scratch.path("tokens.json"), copy).unwrap();
    gateway.stop().await.unwrap();
    let gateway = crate::support::start(&scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
}
