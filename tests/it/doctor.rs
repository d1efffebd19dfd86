//! `smithers doctor` and `smithers audit` as an operator runs them, beside a running gateway and without one.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use smithers_testkit::Scratch;
use smithers_testkit::wait::until;

use crate::support::{Ended, PATIENCE, approve, launch, run, scratch, start, wait_for};

/// What doctor says of each check.
async fn report(scratch: &Scratch, arguments: &[&str]) -> (Ended, Value) {
    let arguments = [&["doctor", "--json"], arguments].concat();
    let ended = run(scratch, &arguments).await;
    let report = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    (ended, report)
}

/// Status and evidence of a check.
fn check<'a>(report: &'a Value, id: &str) -> (&'a str, &'a str) {
    let checks = report["checks"].as_array().unwrap();
    let row = checks
        .iter()
        .find(|row| row["id"] == id)
        .unwrap_or_else(|| panic!("no {id} in {report}"));
    (
        row["status"].as_str().unwrap(),
        row["evidence"].as_str().unwrap(),
    )
}

fn outsider(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

#[tokio::test]
async fn doctor_finds_a_sound_gateway_sound() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    approve(&gateway, "r1").await.unwrap();
    wait_for(&gateway, "r1", "finished").await;
    let (ended, report) = report(&scratch, &[]).await;
    assert_eq!(ended.code, Some(0), "{report:#}");
    for id in [
        "db.single-owner",
        "db.pragmas",
        "db.integrity",
        "db.fk-check",
        "db.migrations",
        "db.orphans",
        "audit.triggers",
        "audit.chain",
    ] {
        assert_eq!(check(&report, id).0, "pass", "{report:#}");
    }
}

#[tokio::test]
async fn doctor_covers_gateway_database_modules_and_workers_as_one_boundary() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    // The port was taken by the gateway: doctor asks there.
    let port = gateway.address().rsplit_once(':').unwrap().1.to_owned();
    let mut scratch = scratch;
    scratch.set("PORT", port);
    let (_, report) = report(&scratch, &["--profile", "production"]).await;
    assert_eq!(check(&report, "gateway.contract").0, "pass", "{report:#}");
    assert_eq!(check(&report, "db.integrity").0, "pass", "{report:#}");
    let (status, evidence) = check(&report, "deploy.revision");
    // Started on another port than the one that doctor was told: the settings differ, and that shows.
    assert_eq!(
        (status, evidence.contains("another configuration")),
        ("fail", true),
        "{report:#}"
    );
    for absent in ["sandbox.probes", "sandbox.policy", "cache.policy"] {
        let (status, evidence) = check(&report, absent);
        assert_eq!(
            (status, evidence.ends_with("not in this build")),
            ("skip", true),
            "{evidence}"
        );
    }
}

#[tokio::test]
async fn doctor_in_production_names_what_is_left_to_do_and_fails() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    wait_for(&gateway, "r1", "waiting-approval").await;
    let ended = run(&scratch, &["doctor", "--profile", "production"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("CHECKS_FAILED"), "{}", ended.stderr);
    for told in [
        "there is no verified backup",
        "run `smithers backup create`",
        "tokens that may do everything of a kind",
        "no copy of the audit trail is kept",
        "without an owner and another fallback owner: approve::0 of r1",
    ] {
        assert!(ended.stdout.contains(told), "{told} in\n{}", ended.stdout);
    }
}

#[tokio::test]
async fn doctor_asks_only_what_was_named_and_refuses_what_it_does_not_know() {
    let scratch = scratch();
    drop(start(&scratch).await);
    let (_, report) = report(&scratch, &["--only", "db.pragmas,audit"]).await;
    let ids: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "db.pragmas",
            "audit.triggers",
            "audit.chain",
            "audit.export",
            "audit.coverage"
        ]
    );
    let ended = run(&scratch, &["doctor", "--only", "db.nonsense"]).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.stderr.contains("db.nonsense"), "{}", ended.stderr);
}

#[tokio::test]
async fn doctor_sees_what_somebody_did_to_the_database() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    gateway.stop().await.unwrap();
    outsider(&scratch.database())
        .execute_batch(
            "DROP TRIGGER _smithers_audit_fixed;
             UPDATE _smithers_audit SET actor_id = 'user:somebody-else' WHERE kind = 'launch';",
        )
        .unwrap();
    let (ended, report) = report(&scratch, &[]).await;
    assert_eq!(ended.code, Some(1), "{report:#}");
    assert_eq!(check(&report, "audit.chain").0, "fail", "{report:#}");
    let (status, evidence) = check(&report, "audit.triggers");
    assert_eq!(
        (status, evidence.contains("_smithers_audit_fixed")),
        ("fail", true),
        "{evidence}"
    );
    let ended = run(&scratch, &["audit", "verify"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("AUDIT_BROKEN"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_audit_trail_is_copied_exported_continued_and_verified() {
    let mut scratch = scratch();
    let sink = scratch.path("copy.jsonl");
    scratch.set("SMITHERS_AUDIT_SINK", sink.display().to_string());
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    let export = scratch.path("export.jsonl").display().to_string();
    let ended = run(&scratch, &["audit", "export", "--out", &export]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    approve(&gateway, "r1").await.unwrap();
    wait_for(&gateway, "r1", "finished").await;
    // Cut in the middle of a row, as a full disk would.
    let text = std::fs::read(&export).unwrap();
    std::fs::write(&export, &text[..text.len() - 300]).unwrap();
    let ended = run(&scratch, &["audit", "export", "--resume", &export]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = run(&scratch, &["audit", "verify", &export, "--json"]).await;
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (ended.code, &found["complete"]),
        (Some(0), &json!(true)),
        "{found}"
    );
    assert!(
        std::fs::read_to_string(&export)
            .unwrap()
            .contains("\"approved\"")
    );
    let copied = until("the copy to have the decision", PATIENCE, || async {
        let text = std::fs::read_to_string(&sink).unwrap_or_default();
        Ok(text.contains("\"approved\"").then_some(()))
    });
    copied.await.unwrap();
    gateway.stop().await.unwrap();
    let ended = run(&scratch, &["audit", "verify", &sink.display().to_string()]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = run(&scratch, &["audit", "verify", "--json"]).await;
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(found["checkpoints"].as_u64().unwrap() >= 1, "{found}");
    let tail = run(&scratch, &["audit", "tail", "-n", "3"]).await;
    assert_eq!(tail.stdout.lines().count(), 3, "{}", tail.stdout);
}

#[tokio::test]
async fn a_tail_of_the_trail_that_was_cut_off_with_its_chain_shows_by_its_checkpoint() {
    let scratch = scratch();
    let gateway = start(&scratch).await;
    launch(&gateway, "gate", "r1", json!({})).await;
    gateway.stop().await.unwrap();
    let conn = outsider(&scratch.database());
    let trigger: String = conn
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = '_smithers_audit_keep'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    conn.execute_batch(&format!(
        "DROP TRIGGER _smithers_audit_keep;
         DELETE FROM _smithers_audit WHERE seq = (SELECT max(seq) FROM _smithers_audit);
         {trigger};"
    ))
    .unwrap();
    let ended = run(&scratch, &["audit", "verify"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("was signed"), "{}", ended.stderr);
}
