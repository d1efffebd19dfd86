//! `smithers db`, and what a start of the gateway does about the file that it finds.

use std::path::Path;

use serde_json::{Value, json};
use smithers_testkit::Scratch;

use crate::support::{Operator, error_of, launch, log, run, scratch, start, wait_for};

/// Runs a command that must succeed, and returns its data.
async fn data(scratch: &Scratch, arguments: &[&str]) -> Value {
    let ended = run(scratch, &[arguments, &["--json"]].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

/// Overwrites the first page of a table in a database that nobody uses.
fn damage(database: &Path, table: &str) {
    let conn = rusqlite::Connection::open(database).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let root: usize = conn.query_row(sql, [table], |row| row.get(0)).unwrap();
    conn.close().unwrap();
    let mut bytes = std::fs::read(database).unwrap();
    bytes[(root - 1) * 4096..root * 4096].fill(0xa5);
    std::fs::write(database, bytes).unwrap();
}

#[tokio::test]
async fn the_status_tells_whether_a_gateway_runs_and_what_is_stored() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "chain", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    let status = operator.json(&["db", "status"]).await;
    assert_eq!(status["inUse"], true, "{status}");
    assert_eq!(
        status["owner"]["pid"],
        operator.gateway.process_id().unwrap()
    );
    assert_eq!(status["tables"]["_smithers_runs"], 1, "{status}");
    assert_eq!(status["head"], status["knownHead"], "{status}");
    let steps = status["migrations"].as_array().unwrap();
    assert!(
        steps.iter().all(|step| step["appliedAtMs"].is_i64()),
        "{status}"
    );
    let table = operator.text(&["db", "status"]).await;
    assert!(table.contains("which last wrote"), "{table}");

    let Operator { gateway, scratch } = operator;
    gateway.stop().await.unwrap();
    assert_eq!(data(&scratch, &["db", "status"]).await["inUse"], false);
}

#[tokio::test]
async fn a_database_is_migrated_by_a_command_as_a_gateway_would() {
    let scratch = scratch();
    start(&scratch).await.stop().await.unwrap();
    assert_eq!(
        data(&scratch, &["db", "migrate", "--plan"]).await,
        json!([])
    );
    // As if a step were new to the database: it only makes an index.
    let conn = rusqlite::Connection::open(scratch.database()).unwrap();
    conn.execute_batch(
        "DROP INDEX _smithers_audit_by_kind;
         DELETE FROM _smithers_schema_migrations WHERE id = '0015_audit_by_kind'",
    )
    .unwrap();
    drop(conn);
    let planned = data(&scratch, &["db", "migrate", "--plan"]).await;
    assert_eq!(planned[0]["id"], "0015_audit_by_kind", "{planned}");
    assert_eq!(planned[0]["appliedAtMs"], Value::Null);
    let applied = data(&scratch, &["db", "migrate"]).await;
    assert_eq!(applied[0]["id"], "0015_audit_by_kind", "{applied}");
    assert_eq!(data(&scratch, &["db", "migrate"]).await, json!([]));
    start(&scratch).await;
}

#[tokio::test]
async fn a_migration_under_a_running_gateway_is_refused() {
    let operator = Operator::start().await;
    let error = operator.error(&["db", "migrate"]).await;
    assert_eq!(error["code"], "DB_IN_USE", "{error}");
}

#[tokio::test]
async fn migrations_with_another_text_are_refused_until_an_operator_takes_them_as_they_are() {
    let scratch = scratch();
    start(&scratch).await.stop().await.unwrap();
    let conn = rusqlite::Connection::open(scratch.database()).unwrap();
    let sql = "UPDATE _smithers_schema_migrations SET checksum = 'other' WHERE id = '0002_runs'";
    conn.execute_batch(sql).unwrap();
    drop(conn);
    let ended = run(&scratch, &["db", "migrate", "--json"]).await;
    assert_eq!(error_of(&ended)["code"], "DB_SCHEMA_DRIFT", "{ended:?}");
    data(&scratch, &["db", "migrate", "--accept-schema-drift"]).await;
    start(&scratch).await;
}

#[tokio::test]
async fn a_check_works_beside_a_gateway_and_fails_on_damage() {
    let operator = Operator::start().await;
    launch(&operator.gateway, "chain", "r1", json!({})).await;
    wait_for(&operator.gateway, "r1", "finished").await;
    let report = operator.json(&["db", "check", "--full"]).await;
    let checks = report["checks"].as_array().unwrap();
    assert!(
        checks.iter().all(|check| check["outcome"] == "ok"),
        "{report}"
    );
    let Operator { gateway, scratch } = operator;
    gateway.stop().await.unwrap();
    damage(&scratch.database(), "_smithers_frames");
    let ended = run(&scratch, &["db", "check", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(error_of(&ended)["code"], "DB_UNSOUND");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["checks"][0]["outcome"], "failed", "{report}");
}

#[tokio::test]
async fn a_corrupted_page_is_refused_at_the_start_with_what_to_do() {
    let scratch = scratch();
    start(&scratch).await.stop().await.unwrap();
    damage(&scratch.database(), "_smithers_frames");
    let ended = run(&scratch, &["gateway"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("[DB_UNSOUND]"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("smithers backup restore"),
        "{}",
        ended.stderr
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_database_in_memory_is_warned_of() {
    if !Path::new("/dev/shm").is_dir() {
        return;
    }
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut scratch = scratch();
    let path = folder.path().join("smithers.db").display().to_string();
    scratch.set("SMITHERS_DB_PATH", path);
    start(&scratch).await;
    assert!(
        log(&scratch).contains("it is in memory, which is lost"),
        "{}",
        log(&scratch)
    );
}
