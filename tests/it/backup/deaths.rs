//! SIGKILL at any moment of a backup or a restore leaves all of it or nothing of it.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use smithers_testkit::Scratch;
use smithers_testkit::wait::until;
use tokio::process::{Child, Command};

use super::{back_up, restore};
use crate::support::{PATIENCE, binary, launch, run, scratch, start, wait_for};

/// A database with one finished run, large enough that a copy takes a while.
async fn large(scratch: &Scratch) {
    let gateway = start(scratch).await;
    launch(&gateway, "chain", "r1", json!({})).await;
    wait_for(&gateway, "r1", "finished").await;
    gateway.stop().await.unwrap();
    let conn = rusqlite::Connection::open(scratch.database()).unwrap();
    conn.execute_batch(
        "CREATE TABLE ballast (x);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16)
         INSERT INTO ballast SELECT randomblob(1 << 20) FROM n",
    )
    .unwrap();
}

fn begin(scratch: &Scratch, arguments: &[&str]) -> Child {
    Command::new(binary())
        .args(arguments)
        .env_clear()
        .envs(scratch.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Kills the process once `is_time`; it may have ended by then.
async fn kill_when(mut child: Child, is_time: impl Fn() -> bool) {
    until("the moment to kill", PATIENCE, || {
        let over = is_time() || child.try_wait().unwrap().is_some();
        std::future::ready(Ok(over.then_some(())))
    })
    .await
    .unwrap();
    child.kill().await.unwrap();
}

/// Sizes of all files below a folder whose names contain `part`.
fn bytes_of(folder: &Path, part: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let size = |path: &Path| match path.is_dir() {
        true => bytes_of(path, part),
        false if path.display().to_string().contains(part) => {
            path.metadata().map_or(0, |metadata| metadata.len())
        }
        false => 0,
    };
    entries.map(|entry| size(&entry.unwrap().path())).sum()
}

#[tokio::test]
async fn a_backup_that_is_killed_at_any_moment_leaves_no_half_that_looks_whole() {
    let scratch = scratch();
    large(&scratch).await;
    let out = scratch.path("backups");
    for bytes in [0, 1 << 20, 6 << 20, 12 << 20, 16 << 20] {
        let child = begin(&scratch, &["backup", "create"]);
        kill_when(child, || bytes_of(&out, ".partial-") > bytes).await;
        let listed = run(&scratch, &["backup", "list", "--json"]).await;
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        for backup in listed.as_array().unwrap() {
            let folder = backup["folder"].as_str().unwrap();
            let verified = run(&scratch, &["backup", "verify", folder]).await;
            assert_eq!(verified.code, Some(0), "after {bytes} bytes: {verified:?}");
        }
    }
    back_up(&scratch).await;
    assert_eq!(
        bytes_of(&out, ".partial-"),
        0,
        "the next backup removes what is left"
    );
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_moment_leaves_the_old_or_the_new_database() {
    let scratch = scratch();
    large(&scratch).await;
    let backup = back_up(&scratch).await;
    let (folder, to) = (
        backup.display().to_string(),
        scratch.database().display().to_string(),
    );
    let restoring = ["backup", "restore", &folder, "--to", &to, "--force"];
    for bytes in [0, 1 << 20, 6 << 20, 12 << 20, 16 << 20] {
        let child = begin(&scratch, &restoring);
        kill_when(child, || bytes_of(&scratch.path(""), ".restoring") > bytes).await;
        let gateway = start(&scratch).await;
        wait_for(&gateway, "r1", "finished").await;
        gateway.stop().await.unwrap();
    }
    restore(&scratch, &backup, &["--force"]).await;
    assert_eq!(bytes_of(&scratch.path(""), ".restoring"), 0);
}
