//! What the checks of a database find, each by the damage that it is for.

use std::fs;

use rusqlite::Connection;
use smithers_store::ops::{self, Depth, Finding, Outcome};
use smithers_store::testkit::ScratchDb;

use super::{fill, tamper};
use crate::workload::Workload;

/// Checks that fail once `damage` was done, with their first problem.
fn failed(damage: &str) -> Vec<(&'static str, String)> {
    let scratch = ScratchDb::new();
    fill(&scratch.open(), &mut Workload::new(100), 30);
    tamper(&scratch, damage);
    let report = ops::check(&scratch.path(), Depth::Full, &mut |_| {}).unwrap();
    let problem = |finding: Finding| match finding.outcome {
        Outcome::Failed { problems } => Some((finding.id, problems[0].clone())),
        _ => None,
    };
    report.checks.into_iter().filter_map(problem).collect()
}

#[test]
fn every_damage_is_found_by_the_check_that_it_is_for() {
    assert_eq!(failed(""), []);
    for (damage, id, problem) in [
        (
            "DELETE FROM _smithers_events WHERE run_id = 'r1' AND seq = 4",
            "sequences",
            "run `r1` has 9 events from 0 to 9, and its head says 10 from 0",
        ),
        (
            "DELETE FROM _smithers_events WHERE run_id = 'r1' AND seq = 9",
            "sequences",
            "run `r1` has 9 events from 0 to 8, and its head says 10 from 0",
        ),
        (
            "UPDATE _smithers_events SET stream_seq = NULL WHERE run_id = 'r2' AND seq = 9",
            "sequences",
            "run `r2` has 8 visible events from 1 to 8, and its head says 9 from 1",
        ),
        (
            "DELETE FROM _smithers_run_heads WHERE run_id = 'r0'",
            "sequences",
            "run `r0` has no head",
        ),
        (
            "UPDATE _smithers_gateway SET last_position = 29",
            "counters",
            "the newest event is 30 with version 27, and the counters say 29 and 27",
        ),
        (
            "UPDATE _smithers_nodes SET run_id = 'nobody' WHERE run_id = 'r0'",
            "foreign-keys",
            "9 rows of `_smithers_nodes` refer to rows of `_smithers_runs` that are missing",
        ),
        (
            "INSERT INTO _smithers_deletion_session VALUES ('r1')",
            "deletions",
            "the rows of run `r1` can be deleted by anybody",
        ),
        (
            "DELETE FROM _smithers_runs WHERE run_id = 'r1';
             INSERT INTO _smithers_audit (seq, at_ms, kind, run_id, outcome, detail_json, prev_hash, hash)
             VALUES (99, 0, 'launch', 'r1', 'accepted', '{}', '', '')",
            "deletions",
            "run `r1` was launched and is gone without a tombstone",
        ),
        (
            "UPDATE _smithers_audit SET actor_id = 'me' WHERE seq = 5",
            "audit-chain",
            "row 5 does not follow from those before it",
        ),
        (
            "DELETE FROM _smithers_audit WHERE seq = 1",
            "audit-chain",
            "row 2 does not follow from those before it",
        ),
    ] {
        let failed = failed(damage);
        let found = failed.iter().find(|(found, _)| *found == id);
        assert_eq!(
            found.map(|(_, found)| found.as_str()),
            Some(problem),
            "{damage}: {failed:?}"
        );
    }
}

#[test]
fn a_dropped_trigger_is_found() {
    let scratch = ScratchDb::new();
    scratch.open();
    let conn = Connection::open(scratch.path()).unwrap();
    conn.execute_batch("DROP TRIGGER _smithers_audit_keep")
        .unwrap();
    let report = ops::check(&scratch.path(), Depth::Quick, &mut |_| {}).unwrap();
    let expected = "schema: the trigger `_smithers_audit_keep` is missing";
    assert_eq!(report.problems(), [expected]);
}

#[test]
fn a_row_that_an_index_has_lost_is_found_only_by_a_full_check() {
    let scratch = ScratchDb::new();
    fill(&scratch.open(), &mut Workload::new(100), 30);
    let conn = Connection::open(scratch.path()).unwrap();
    // A table whose index was made for other rows: what a lost write leaves behind.
    conn.execute_batch(
        "CREATE TABLE mine (x); INSERT INTO mine VALUES (1), (2);
         CREATE INDEX mine_x ON mine (x) WHERE x > 1;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX mine_x ON mine (x) WHERE x > 0' WHERE name = 'mine_x';",
    )
    .unwrap();
    drop(conn);
    let is_sound = |depth| {
        ops::check(&scratch.path(), depth, &mut |_| {})
            .unwrap()
            .is_sound()
    };
    assert_eq!(
        (is_sound(Depth::Quick), is_sound(Depth::Full)),
        (true, false)
    );
}

#[test]
fn a_page_that_was_overwritten_is_found_and_does_not_stop_the_other_checks() {
    let scratch = ScratchDb::new();
    fill(&scratch.open(), &mut Workload::new(4_000), 90);
    let conn = Connection::open(scratch.path()).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let root: usize = conn
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = '_smithers_nodes'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(conn);
    let mut bytes = fs::read(scratch.path()).unwrap();
    bytes[(root - 1) * 4096..root * 4096].fill(0xa5);
    fs::write(scratch.path(), bytes).unwrap();
    let report = ops::check(&scratch.path(), Depth::Quick, &mut |_| {}).unwrap();
    let is_ok = |id: &str| {
        let finding = report
            .checks
            .iter()
            .find(|finding| finding.id == id)
            .unwrap();
        finding.outcome == Outcome::Ok
    };
    assert!(!is_ok("integrity"));
    assert!(is_ok("sequences") && is_ok("audit-chain"));
}
