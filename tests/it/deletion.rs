//! Deleting runs from outside: what is refused, what is left, who notices, and a death in between.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Value, json};
use smithers_testkit::wait::until;
use smithers_testkit::{Gateway, Scratch};

use crate::support::{
    OPERATOR, PATIENCE, READER, approve, count, database, launch, refusal, scratch, start, wait_for,
};

/// A run that has ended, with an approval in it.
async fn decided(gateway: &Gateway, run: &str) {
    launch(gateway, "gate", run, json!({})).await;
    wait_for(gateway, run, "waiting-approval").await;
    approve(gateway, run).await.unwrap();
    wait_for(gateway, run, "finished").await;
}

async fn delete(gateway: &Gateway, run: &str) -> Value {
    let params = json!({ "runId": run, "reason": "asked for" });
    gateway.expect(OPERATOR, "deleteRun", params).await.unwrap()
}

fn text(database: &Connection, sql: &str) -> String {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn broken_references(scratch: &Scratch) -> i64 {
    count(scratch, "SELECT count(*) FROM pragma_foreign_key_check")
}

#[tokio::test]
async fn whole_runs_are_deleted_only_by_supported_administrative_paths_and_frames_decisions_and_audit_rows_stay_consistent()
 {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    decided(&gateway, "gone").await;
    decided(&gateway, "kept").await;
    let by_hand = Connection::open(scratch.database()).unwrap();
    for sql in ["DELETE FROM _smithers_runs", "DELETE FROM _smithers_events"] {
        let refused = by_hand.execute_batch(sql).unwrap_err().to_string();
        assert!(refused.contains("use `smithers runs delete`"), "{refused}");
    }
    let dry = json!({ "runId": "gone", "dryRun": true });
    let plan = gateway.expect(OPERATOR, "deleteRun", dry).await.unwrap();
    assert_eq!(plan["dryRun"], true);
    let events = count(
        &scratch,
        "SELECT count(*) FROM _smithers_events WHERE run_id = 'gone'",
    );
    assert_eq!(plan["runs"][0]["events"], events);

    let done = delete(&gateway, "gone").await;
    assert_eq!(done["runs"][0]["events"], events);
    let digest = done["runs"][0]["eventsSha256"].as_str().unwrap();
    let database = database(&scratch);
    assert_eq!(
        text(
            &database,
            "SELECT events_sha256 FROM _smithers_run_tombstones"
        ),
        digest
    );
    assert_eq!(
        text(
            &database,
            "SELECT json_array(approvals_json ->> '$[0].decidedBy', reason, channel, deleted_by)
             FROM _smithers_run_tombstones WHERE run_id = 'gone'"
        ),
        r#"["user:op","asked for","http","user:op"]"#
    );
    for (table, rows) in [
        ("frames", 0),
        ("approval_decisions", 0),
        ("nodes", 0),
        ("audit", 3),
    ] {
        let sql = format!("SELECT count(*) FROM _smithers_{table} WHERE run_id = 'gone'");
        assert_eq!(count(&scratch, &sql), rows, "{table}");
        let sql = format!("SELECT count(*) FROM _smithers_{table} WHERE run_id = 'kept'");
        assert!(count(&scratch, &sql) > 0, "{table}");
    }
    let orphans = "SELECT count(*) FROM _smithers_trees
                   WHERE hash NOT IN (SELECT tree_hash FROM _smithers_frames)";
    assert_eq!(
        (count(&scratch, orphans), broken_references(&scratch)),
        (0, 0)
    );
}

#[tokio::test]
async fn a_deleted_run_is_gone_for_every_method_and_its_id_is_not_used_again() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    decided(&gateway, "gone").await;
    delete(&gateway, "gone").await;
    for (method, code) in [
        ("getRun", "NOT_FOUND"),
        ("resumeRun", "NOT_FOUND"),
        ("cancelRun", "RunNotFound"),
        ("listNodeStates", "NOT_FOUND"),
        ("deleteRun", "RunNotFound"),
    ] {
        let refused = refusal(&gateway, OPERATOR, method, json!({ "runId": "gone" })).await;
        assert_eq!(refused.code, code, "{method}");
    }
    let list = gateway
        .expect(OPERATOR, "listRuns", json!({}))
        .await
        .unwrap();
    assert_eq!(list, json!([]));
    let again = json!({ "workflow": "chain", "input": {}, "options": { "runId": "gone" } });
    let refused = refusal(&gateway, OPERATOR, "launchRun", again).await;
    assert_eq!(refused.code, "CONFLICT");
    assert_eq!(
        refused.message,
        "Run gone was deleted, and its id is not used again"
    );
    gateway.stop().await.unwrap();
    let gateway = start(&scratch).await;
    refusal(&gateway, OPERATOR, "getRun", json!({ "runId": "gone" })).await;
}

#[tokio::test]
async fn runs_that_are_active_or_held_are_not_deleted() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "waits", json!({})).await;
    wait_for(&gateway, "waits", "waiting-approval").await;
    let waits = json!({ "runId": "waits" });
    let refused = refusal(&gateway, OPERATOR, "deleteRun", waits.clone()).await;
    assert_eq!((refused.code.as_str(), refused.status), ("RUN_ACTIVE", 409));
    approve(&gateway, "waits").await.unwrap();
    wait_for(&gateway, "waits", "finished").await;

    let hold = json!({ "runId": "waits", "hold": true, "reason": "an audit" });
    let held = gateway.expect(OPERATOR, "holdRun", hold).await.unwrap();
    assert_eq!(
        (&held["held"], &held["heldBy"]),
        (&json!(true), &json!("user:op"))
    );
    let refused = refusal(&gateway, OPERATOR, "deleteRun", waits.clone()).await;
    assert_eq!((refused.code.as_str(), refused.status), ("RUN_HELD", 409));
    assert!(refused.message.contains("an audit"), "{refused:?}");
    let release = json!({ "runId": "waits", "hold": false });
    gateway.expect(OPERATOR, "holdRun", release).await.unwrap();
    delete(&gateway, "waits").await;
    let told = "SELECT group_concat(kind || ' ' || outcome, ', ' ORDER BY seq) FROM _smithers_audit
                WHERE run_id = 'waits' AND kind IN ('hold', 'run-deletion')";
    assert_eq!(
        text(&database(&scratch), told),
        "hold held, hold released, run-deletion deleted"
    );
}

#[tokio::test]
async fn only_run_admin_deletes_and_holds() {
    let tokens = json!({
        "writer-token": { "role": "operator", "scopes": ["run:write"], "userId": "user:writer" },
        OPERATOR: { "role": "operator", "scopes": ["run:admin", "approval:submit"], "userId": "user:op" },
        READER: { "role": "viewer", "scopes": ["run:read"] },
    });
    let scratch = crate::support::scratch_with(&tokens);
    let gateway = start(&scratch).await;
    decided(&gateway, "r").await;
    for token in ["writer-token", READER] {
        for method in ["deleteRun", "runs.delete", "holdRun", "runs.hold"] {
            let params = json!({ "runId": "r", "hold": true, "reason": "x" });
            let refused = refusal(&gateway, token, method, params).await;
            assert_eq!(refused.code, "FORBIDDEN", "{token} {method}");
        }
    }
    delete(&gateway, "r").await;
}

#[tokio::test]
async fn streams_on_a_deleted_run_end_and_their_socket_stays() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    decided(&gateway, "r").await;
    let mut socket = gateway.connect(OPERATOR, None).await.unwrap();
    let opened = socket
        .request("streamRunEvents", json!({ "runId": "r", "afterSeq": 0 }))
        .await
        .unwrap();
    let last = opened["currentSeq"].clone();
    let newest = |frame: &Value| frame["event"] == "run.event" && frame["payload"]["seq"] == last;
    socket.find("the newest event", newest).await.unwrap();
    delete(&gateway, "r").await;
    let end = socket.find("the end of the stream", |frame| {
        frame["event"] == "run.error"
    });
    let end = end.await.unwrap();
    assert_eq!(end["payload"]["streamId"], opened["streamId"]);
    assert_eq!(end["payload"]["error"]["code"], "RunNotFound");
    let health = socket.request("health", json!({})).await.unwrap();
    assert!(health["stateVersion"].is_number(), "{health}");
    assert!(
        socket
            .request("streamRunEvents", json!({ "runId": "r" }))
            .await
            .is_err()
    );
}

/// Makes a run large: events that nobody sees, behind those that it has.
fn enlarge(scratch: &Scratch, run: &str, events: i64) {
    let database = Connection::open(scratch.database()).unwrap();
    database
        .execute_batch(&format!(
            "BEGIN;
             INSERT INTO _smithers_events (position, run_id, seq, type, timestamp_ms, payload_json)
             WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {events})
             SELECT (SELECT last_position FROM _smithers_gateway) + 1 + n, '{run}',
                    (SELECT next_seq FROM _smithers_run_heads WHERE run_id = '{run}') + n,
                    'FrameCommitted', 0, '{{}}' FROM n;
             UPDATE _smithers_run_heads SET next_seq = next_seq + {events} WHERE run_id = '{run}';
             UPDATE _smithers_gateway SET last_position = last_position + {events};
             COMMIT;"
        ))
        .unwrap();
}

#[tokio::test]
async fn a_deletion_that_was_killed_half_way_is_completed_by_the_next_start() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    decided(&gateway, "large").await;
    decided(&gateway, "other").await;
    gateway.stop().await.unwrap();
    enlarge(&scratch, "large", 60_000);
    let gateway = start(&scratch).await;
    let address = gateway.address().to_owned();
    let deleting = tokio::spawn(async move {
        let params = json!({ "runId": "large" });
        // Nobody answers: the gateway dies meanwhile.
        drop(smithers_testkit::rpc::call(&address, OPERATOR, "deleteRun", &params).await);
    });
    let marked = "SELECT count(*) FROM _smithers_run_deletions";
    let mark = until("the deletion to begin", PATIENCE, || async {
        Ok((count(&scratch, marked) == 1).then_some(()))
    });
    mark.await.unwrap();
    gateway.kill9().await.unwrap();
    deleting.await.unwrap();
    assert_eq!(
        count(&scratch, marked),
        1,
        "the process died before it was done"
    );
    assert!(
        count(
            &scratch,
            "SELECT count(*) FROM _smithers_events WHERE run_id = 'large'"
        ) > 0
    );

    let gateway = start(&scratch).await;
    refusal(&gateway, OPERATOR, "getRun", json!({ "runId": "large" })).await;
    let done = until("the deletion to end", PATIENCE, || async {
        Ok((count(&scratch, marked) == 0).then_some(()))
    });
    done.await.unwrap();
    let left = "SELECT count(*) FROM _smithers_events WHERE run_id = 'large'";
    assert_eq!((count(&scratch, left), broken_references(&scratch)), (0, 0));
    let told = "SELECT count(*) FROM _smithers_audit WHERE kind = 'run-deletion'";
    assert_eq!(count(&scratch, told), 1);
    wait_for(&gateway, "other", "finished").await;
}

/// Numbers of the events of every run, in order.
fn numbers(scratch: &Scratch) -> BTreeMap<String, Vec<(i64, Option<i64>)>> {
    let database = database(scratch);
    let sql = "SELECT run_id, seq, stream_seq FROM _smithers_events ORDER BY run_id, seq";
    let mut statement = database.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut numbers = BTreeMap::<String, Vec<_>>::new();
    while let Some(row) = rows.next().unwrap() {
        let run = numbers.entry(row.get(0).unwrap()).or_default();
        run.push((row.get(1).unwrap(), row.get(2).unwrap()));
    }
    numbers
}

#[tokio::test]
async fn deletion_under_load_keeps_the_sequences_of_other_runs_free_of_gaps() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    let mut listener = gateway.connect(OPERATOR, None).await.unwrap();
    for round in 0..12 {
        for run in ["a", "b", "c"] {
            launch(&gateway, "chain", &format!("{run}-{round}"), json!({})).await;
        }
        let done = format!("a-{round}");
        wait_for(&gateway, &done, "finished").await;
        delete(&gateway, &done).await;
    }
    for round in 0..12 {
        wait_for(&gateway, &format!("b-{round}"), "finished").await;
        wait_for(&gateway, &format!("c-{round}"), "finished").await;
    }
    let numbers = numbers(&scratch);
    assert_eq!(numbers.len(), 24);
    for (run, events) in numbers {
        let seqs: Vec<i64> = events.iter().map(|(seq, _)| *seq).collect();
        let stream: Vec<i64> = events.iter().filter_map(|(_, seq)| *seq).collect();
        assert!(
            seqs.iter().copied().eq(0..seqs.len() as i64),
            "{run}: {seqs:?}"
        );
        assert!(
            stream.iter().copied().eq(1..=stream.len() as i64),
            "{run}: {stream:?}"
        );
    }
    // Whoever listens to every run has missed none of the versions, those of deleted runs included.
    let newest = count(&scratch, "SELECT state_version FROM _smithers_gateway");
    let last =
        |frame: &Value| frame["stateVersion"] == newest && frame["payload"]["runId"].is_string();
    listener.find("the newest version", last).await.unwrap();
    let arrived = listener.take_arrived();
    let versions: Vec<i64> = arrived
        .iter()
        .filter(|frame| frame["payload"]["runId"].is_string())
        .filter_map(|frame| frame["stateVersion"].as_i64())
        .collect();
    assert!(
        versions.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{versions:?}"
    );
}

#[tokio::test]
async fn runs_older_than_the_policy_keeps_them_go_except_those_that_are_held_or_active() {
    let mut scratch = scratch();
    let gateway = start(&scratch).await;
    for run in ["old", "held"] {
        decided(&gateway, run).await;
    }
    launch(&gateway, "gate", "active", json!({})).await;
    wait_for(&gateway, "active", "waiting-approval").await;
    let hold = json!({ "runId": "held", "hold": true, "reason": "an audit" });
    gateway.expect(OPERATOR, "holdRun", hold).await.unwrap();
    gateway.stop().await.unwrap();
    scratch.set("SMITHERS_RETENTION_RUNS", "1s");
    let gateway = start(&scratch).await;
    let gone = until("the old run to go", PATIENCE, || async {
        let read = gateway
            .call(OPERATOR, "getRun", json!({ "runId": "old" }))
            .await?;
        Ok(read.is_err().then_some(()))
    });
    gone.await.unwrap();
    wait_for(&gateway, "held", "finished").await;
    wait_for(&gateway, "active", "waiting-approval").await;
    let told = "SELECT concat_ws(' ', run_id, channel, outcome, detail_json ->> 'reason')
                FROM _smithers_audit WHERE kind = 'run-deletion'";
    assert_eq!(
        text(&database(&scratch), told),
        "old scheduler deleted retention: older than 1 s"
    );
}
