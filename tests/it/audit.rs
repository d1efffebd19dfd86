//! The audit trail from outside: what is in it, and that nobody can take anything out.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{
    OPERATOR, approve, count, database, launch, log, run, scratch, start, wait_for,
};

/// Kind, channel, outcome and subject of every row, in order. Uses of tokens are told elsewhere: they are recorded a
/// moment after the request.
fn rows(database: &Connection) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', kind, channel, outcome, subject) FROM _smithers_audit
               WHERE kind <> 'token' ORDER BY seq";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The particulars of the newest row of `kind`.
fn detail(database: &Connection, kind: &str) -> Value {
    let sql = "SELECT detail_json FROM _smithers_audit WHERE kind = ?1 ORDER BY seq DESC LIMIT 1";
    let text: String = database.query_row(sql, [kind], |row| row.get(0)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn every_decision_is_in_the_trail_with_who_made_it_and_over_which_channel() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "by-http", json!({})).await;
    wait_for(&gateway, "by-http", "waiting-approval").await;
    let resume = json!({ "runId": "by-http" });
    gateway.expect(OPERATOR, "resumeRun", resume).await.unwrap();
    approve(&gateway, "by-http").await.unwrap();
    let mut socket = gateway.connect(OPERATOR, None).await.unwrap();
    let params = json!({ "workflow": "gate", "input": {}, "options": { "runId": "by-socket" } });
    socket.request("launchRun", params).await.unwrap();
    wait_for(&gateway, "by-socket", "waiting-approval").await;
    let cancel = json!({ "runId": "by-socket" });
    socket.request("cancelRun", cancel).await.unwrap();
    let database = database(&scratch);
    let decisions = rows(&database).into_iter();
    let decisions: Vec<String> = decisions.filter(|row| !row.contains(" gateway ")).collect();
    assert_eq!(
        decisions,
        [
            "launch http accepted gate",
            "resume http accepted",
            "approval http approved approve",
            "launch websocket accepted gate",
            "cancel websocket accepted",
        ]
    );
    let by_operator = "SELECT count(*) FROM _smithers_audit WHERE actor_id = 'user:op'
                       AND length(token_id) = 16 AND run_id IN ('by-http', 'by-socket')";
    assert_eq!(count(&scratch, by_operator), 5);
}

#[tokio::test]
async fn the_audit_trail_preserves_deployment_version_and_workflow_module_revision() {
    let mut scratch = scratch();
    let revision = "0123456789abcdef0123456789abcdef01234567";
    let module = scratch.path("gateway.tsx");
    std::fs::copy(&scratch.environment()["SMITHERS_GATEWAY_MODULE"], &module).unwrap();
    std::fs::create_dir(scratch.path(".git")).unwrap();
    std::fs::write(scratch.path(".git/HEAD"), revision).unwrap();
    scratch.set("SMITHERS_GATEWAY_MODULE", module.display().to_string());
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "first", json!({})).await;
    gateway.stop().await.unwrap();
    scratch.set("SMITHERS_GATEWAY_EVENT_WINDOW", "77");
    let gateway = start(&scratch).await;
    gateway.kill9().await.unwrap();
    let gateway = start(&scratch).await;
    launch(&gateway, "chain", "second", json!({})).await;
    let database = database(&scratch);
    let ids = "SELECT deployment_id FROM _smithers_deployments ORDER BY rowid";
    let mut statement = database.prepare(ids).unwrap();
    let ids: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let head: String = database
        .query_row(
            "SELECT max(id) FROM _smithers_schema_migrations",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        rows(&database),
        [
            format!("migration gateway applied {head}"),
            format!("deployment gateway started {}", ids[0]),
            "launch http accepted chain".to_owned(),
            format!("stop gateway clean {}", ids[0]),
            format!("deployment gateway started {}", ids[1]),
            format!("config gateway changed {}", ids[1]),
            format!("stop gateway unclean {}", ids[1]),
            format!("deployment gateway started {}", ids[2]),
            "launch http accepted chain".to_owned(),
        ]
    );
    assert_eq!(
        detail(&database, "config")["changed"],
        json!(["SMITHERS_GATEWAY_EVENT_WINDOW"])
    );
    assert!(!detail(&database, "config").to_string().contains("77\""));
    let started = detail(&database, "deployment");
    assert_eq!(started["productVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(started["databaseHead"], head);
    assert_eq!(started["moduleRevision"], revision);
    assert_eq!(started["modulePath"], module.display().to_string());
    for digest in ["moduleHash", "configDigest"] {
        assert_eq!(
            started[digest].as_str().map(str::len),
            Some(64),
            "{digest}: {started}"
        );
    }
    let of_second: String = database
        .query_row(
            "SELECT deployment_id FROM _smithers_runs WHERE run_id = 'second'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(of_second, ids[2]);
}

#[tokio::test]
async fn the_audit_trail_is_append_only_for_normal_operators() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r", json!({})).await;
    wait_for(&gateway, "r", "waiting-approval").await;
    approve(&gateway, "r").await.unwrap();
    wait_for(&gateway, "r", "finished").await;
    gateway.stop().await.unwrap();
    // As the sqlite3 shell opens it: nothing of our own settings protects the rows.
    let database = Connection::open(scratch.database()).unwrap();
    for table in [
        "_smithers_audit",
        "_smithers_approval_decisions",
        "_smithers_deployments",
        "_smithers_modules",
        "_smithers_events",
    ] {
        let rows = format!("SELECT count(*) FROM {table}");
        assert!(count(&scratch, &rows) > 0, "{table}");
        for sql in [
            format!("DELETE FROM {table}"),
            format!("UPDATE {table} SET rowid = rowid"),
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
            format!("REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"),
        ] {
            let refused = database.execute_batch(&sql).unwrap_err().to_string();
            assert!(refused.contains(" are never "), "{sql}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_start_without_the_triggers_is_refused_with_what_to_do() {
    let scratch = scratch();
    start(&scratch).await.stop().await.unwrap();
    let database = Connection::open(scratch.database()).unwrap();
    database
        .execute_batch("DROP TRIGGER _smithers_audit_keep")
        .unwrap();
    let ended = run(&scratch, &["gateway"]).await;
    assert_eq!(ended.code, Some(1));
    for part in [
        "the trigger `_smithers_audit_keep` is missing",
        "[DB_SCHEMA_DRIFT]",
        "hint: `smithers db check`",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!log(&scratch).contains("panicked"));
}

#[tokio::test]
async fn the_audit_trail_preserves_approval_decisions_notes_and_actor_ids_even_of_deleted_runs() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r", json!({})).await;
    wait_for(&gateway, "r", "waiting-approval").await;
    let decision =
        json!({ "runId": "r", "nodeId": "approve", "approved": true, "note": "seen by two" });
    gateway
        .expect(OPERATOR, "submitApproval", decision)
        .await
        .unwrap();
    wait_for(&gateway, "r", "finished").await;
    gateway
        .expect(OPERATOR, "deleteRun", json!({ "runId": "r" }))
        .await
        .unwrap();
    let told = "SELECT json_array(kind, outcome, subject, actor_id, detail_json ->> 'note')
                FROM _smithers_audit WHERE kind = 'approval'";
    let left = "SELECT json_array(approvals_json ->> '$[0].nodeId', approvals_json ->> '$[0].approved',
                                  approvals_json ->> '$[0].decidedBy', approvals_json ->> '$[0].note')
                FROM _smithers_run_tombstones";
    let database = database(&scratch);
    let text = |sql: &str| -> String { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        text(told),
        r#"["approval","approved","approve","user:op","seen by two"]"#
    );
    assert_eq!(text(left), r#"["approve",1,"user:op","seen by two"]"#);
}
