//! The file: who may read it, who may open it, what is in it after a restart.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::json;
use smithers_model::audit::{AuditRecord, Channel};
use smithers_model::event::Event;
use smithers_model::{Epoch, NodeKey, RawJson, Timestamp};
use smithers_store::testkit::{
    ManualClock, RunScript, ScratchDb, approval, audit_record, commit_all, counted_approval,
    decision, definition, deployment, outcome_of, output, typed_definition, vote,
};
use smithers_store::{
    Backend, NoPublisher, OpenError, SqliteOptions, SqliteStore, Writer, WriterOptions,
    first_break, ops,
};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A connection of somebody else, with SQLite's own settings.
fn outsider(scratch: &ScratchDb) -> Connection {
    Connection::open(scratch.path()).unwrap()
}

fn refused(scratch: &ScratchDb) -> OpenError {
    match SqliteStore::open(&scratch.options()) {
        Ok(_) => panic!("the database was opened"),
        Err(error) => error,
    }
}

#[test]
fn only_the_owner_may_read_file_log_and_folder() {
    let scratch = ScratchDb::new();
    let path = scratch.folder().join("new/deep/smithers.db");
    let store = SqliteStore::open(&SqliteOptions::new(&path)).unwrap();
    commit_all(&store, [RunScript::new("r").launch()]);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&beside(&path, "-wal")), 0o600);
    assert_eq!(mode(&beside(&path, ".lock")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
fn a_second_gateway_is_refused_with_the_file_and_the_process() {
    let scratch = ScratchDb::new();
    let first = scratch.open();
    let error = refused(&scratch);
    let expected = format!(
        "`{}` is in use by another gateway (process {})",
        scratch.path().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
    drop(first);
    scratch.open();
}

#[test]
fn each_start_has_its_own_epoch() {
    let scratch = ScratchDb::new();
    for expected in 1..4 {
        assert_eq!(scratch.open().epoch(), Epoch(expected));
    }
}

#[test]
fn numbers_go_on_after_a_restart() {
    let scratch = ScratchDb::new();
    let mut script = RunScript::new("r");
    let event = || {
        vec![Event::NodePending {
            node: NodeKey::new("a", 0),
        }]
    };
    commit_all(
        &scratch.open(),
        [script.launch(), script.step(event(), vec![])],
    );
    let store = scratch.open();
    script.epoch = store.epoch();
    commit_all(&store, [script.step(event(), vec![])]);
    let events = store
        .reader()
        .unwrap()
        .events(&"r".into(), None, 9)
        .unwrap();
    let numbers: Vec<_> = events
        .iter()
        .map(|event| (event.position, event.seq, event.state_version))
        .collect();
    assert_eq!(numbers, [(1, 0, None), (2, 1, Some(1)), (3, 2, Some(2))]);
}

#[test]
fn rows_of_modules_that_are_not_loaded_any_more_still_read() {
    let scratch = ScratchDb::new();
    let store = scratch.open();
    let mut transactions = store.open_writer().unwrap();
    transactions
        .define_outputs(&[definition()])
        .unwrap()
        .unwrap();
    drop(transactions);
    let mut script = RunScript::new("r");
    let row = output("result", "a", &json!({"maxCount": 3}));
    commit_all(&store, [script.launch(), script.step(vec![], vec![row])]);
    let before = store.reader().unwrap().outputs(&"r".into()).unwrap();
    drop(store);
    let store = scratch.open();
    store.open_writer().unwrap();
    assert_eq!(
        store.reader().unwrap().outputs(&"r".into()).unwrap(),
        before
    );
}

#[test]
fn people_find_outputs_and_inputs_as_tables() {
    let scratch = ScratchDb::new();
    let store = scratch.open();
    let mut transactions = store.open_writer().unwrap();
    let workflows = [definition(), typed_definition()];
    transactions.define_outputs(&workflows).unwrap().unwrap();
    drop(transactions);
    let mut typed = RunScript::new("typed");
    let launch = typed.launch_with(|new| {
        new.row.workflow_key = "typed".into();
        new.row.input = RawJson::of(&json!({"name": "x", "count": 3}));
    });
    let mut plain = RunScript::new("plain");
    let launch_plain = plain.launch_with(|new| new.row.input = RawJson::of(&json!({"any": 1})));
    let row = output(
        "result",
        "a",
        &json!({"ok": true, "maxCount": 3, "data": [1], "score": 2}),
    );
    commit_all(
        &store,
        [launch, launch_plain, plain.step(vec![], vec![row])],
    );
    let conn = outsider(&scratch);
    let text = |sql: &str| -> String { conn.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        text("SELECT json_array(name, count, payload) FROM input WHERE run_id = 'typed'"),
        r#"["x",3,null]"#
    );
    assert_eq!(
        text("SELECT payload FROM input WHERE run_id = 'plain'"),
        r#"{"any":1}"#
    );
    assert_eq!(
        text(
            "SELECT json_array(run_id, node_id, iteration, ok, max_count, data, score) FROM result"
        ),
        r#"["plain","a",0,1,3,"[1]",2.0]"#
    );
    assert_eq!(
        text(
            "SELECT group_concat(column_name || ' ' || kind, ', ' ORDER BY ordinal)
             FROM _smithers_output_schema_columns WHERE table_name = 'result'"
        ),
        "text string, score number, max_count integer, ok boolean, data json"
    );
}

#[test]
fn runs_refer_to_the_start_that_launched_them() {
    let scratch = ScratchDb::new();
    let store = scratch.open();
    let mut transactions = store.open_writer().unwrap();
    transactions.record_deployment(&deployment("d1")).unwrap();
    transactions.record_deployment(&deployment("d2")).unwrap();
    transactions
        .commit(vec![RunScript::new("r").launch()])
        .unwrap();
    let sql =
        "SELECT deployment_id, database_head = (SELECT max(id) FROM _smithers_schema_migrations)
               FROM _smithers_runs JOIN _smithers_deployments USING (deployment_id)";
    let found: (String, bool) = outsider(&scratch)
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(found, ("d2".to_owned(), true));
}

#[test]
fn decisions_and_audit_rows_are_only_ever_added() {
    let scratch = ScratchDb::new();
    let store = scratch.open();
    let mut script = RunScript::new("r");
    let rows = vec![
        approval(script.run_id(), "a", 1),
        decision("a", true),
        counted_approval(script.run_id(), "b", 1, 2),
        vote("b", "user:ann", true),
        audit_record("approval", script.run_id()),
    ];
    commit_all(&store, [script.launch(), script.step(vec![], rows)]);
    let conn = outsider(&scratch);
    conn.pragma_update(None, "recursive_triggers", false)
        .unwrap();
    for sql in [
        "UPDATE _smithers_approval_decisions SET approved = 0",
        "DELETE FROM _smithers_approval_decisions",
        "INSERT OR REPLACE INTO _smithers_approval_decisions
             SELECT decision_id, run_id, node_id, iteration, 0, note, decided_by, token_id,
                    decision_json, decided_at_ms FROM _smithers_approval_decisions",
        "UPDATE _smithers_approval_votes SET approved = 0",
        "DELETE FROM _smithers_approval_votes",
        "INSERT OR REPLACE INTO _smithers_approval_votes SELECT * FROM _smithers_approval_votes",
        "INSERT INTO _smithers_approval_votes
             SELECT vote_id + 1, run_id, node_id, iteration, round, approved, note, decided_by, token_id,
                    decision_json, decided_at_ms FROM _smithers_approval_votes",
        "UPDATE _smithers_audit SET outcome = 'denied'",
        "DELETE FROM _smithers_audit",
        "INSERT OR REPLACE INTO _smithers_audit SELECT * FROM _smithers_audit",
        "DELETE FROM _smithers_runs",
    ] {
        assert!(conn.execute_batch(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_command_beside_the_gateway_appends_to_the_same_chain() {
    let scratch = ScratchDb::new();
    let store = Arc::new(scratch.open());
    let options = WriterOptions::new(Arc::new(ManualClock::default()));
    let writer = Writer::spawn(store.clone(), Box::new(NoPublisher), options).unwrap();
    let record = |channel, kind| AuditRecord::new(Timestamp(1), channel, kind, "accepted");
    let mut script = RunScript::new("r");
    outcome_of(&writer, script.launch()).unwrap();
    for _ in 0..3 {
        let ours = vec![record(Channel::Gateway, "stop"); 2];
        writer.record_audit(ours).unwrap();
        let theirs = record(Channel::CliOffline, "backup");
        ops::audit::append(&scratch.path(), theirs).unwrap();
        let step = script.step(vec![], vec![audit_record("cancel", &"r".into())]);
        outcome_of(&writer, step).unwrap();
    }
    let rows = store.reader().unwrap().audit(0, 99).unwrap();
    assert_eq!((rows.len(), first_break(&rows)), (12, None));
    assert_eq!(rows[2].record.channel, Channel::CliOffline);
}

#[test]
fn every_trigger_that_is_missing_or_changed_is_named() {
    let scratch = ScratchDb::new();
    scratch.open();
    assert_eq!(ops::audit::broken_triggers(&scratch.path()).unwrap(), []);
    outsider(&scratch)
        .execute_batch(
            "DROP TRIGGER _smithers_audit_keep;
             DROP TRIGGER _smithers_audit_fixed;
             CREATE TRIGGER _smithers_audit_fixed BEFORE UPDATE ON _smithers_audit BEGIN SELECT 1; END",
        )
        .unwrap();
    let broken = ops::audit::broken_triggers(&scratch.path()).unwrap();
    let broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert_eq!(
        broken,
        [
            "the trigger `_smithers_audit_fixed` was changed",
            "the trigger `_smithers_audit_keep` is missing",
        ]
    );
}

#[test]
fn an_append_to_a_database_that_is_not_migrated_is_refused() {
    let scratch = ScratchDb::new();
    scratch.open();
    let record = AuditRecord::new(Timestamp(1), Channel::Cli, "backup", "accepted");
    outsider(&scratch)
        .execute_batch("DELETE FROM _smithers_schema_migrations WHERE id >= '0010'")
        .unwrap();
    let error = ops::audit::append(&scratch.path(), record).unwrap_err();
    assert!(error.to_string().contains("is not migrated to"), "{error}");
}

#[test]
fn after_a_clean_stop_the_main_file_is_complete_by_itself() {
    let (scratch, copy) = (ScratchDb::new(), ScratchDb::new());
    let store = Arc::new(scratch.open());
    let options = WriterOptions::new(Arc::new(ManualClock::default()));
    let writer = Writer::spawn(store.clone(), Box::new(NoPublisher), options).unwrap();
    outcome_of(&writer, RunScript::new("r").launch()).unwrap();
    writer.shutdown();
    std::fs::copy(scratch.path(), copy.path()).unwrap();
    let found = copy.open().reader().unwrap().run(&"r".into()).unwrap();
    assert!(found.is_some());
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let scratch = ScratchDb::new();
    outsider(&scratch)
        .execute_batch("CREATE TABLE theirs (x)")
        .unwrap();
    let before = std::fs::read(scratch.path()).unwrap();
    assert!(matches!(refused(&scratch), OpenError::Foreign { .. }));
    assert_eq!(std::fs::read(scratch.path()).unwrap(), before);
    std::fs::write(
        scratch.path(),
        "not a database, but longer than a header of SQLite: ".repeat(9),
    )
    .unwrap();
    assert!(matches!(refused(&scratch), OpenError::Database { .. }));
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let scratch = ScratchDb::new();
    scratch.open();
    outsider(&scratch)
        .execute_batch(
            "INSERT INTO _smithers_schema_migrations (id, name, applied_at_ms, checksum)
             VALUES ('9999_future', 'future', 0, 'x')",
        )
        .unwrap();
    let error = refused(&scratch).to_string();
    assert!(
        error.contains("newer version (migration `9999_future`)"),
        "{error}"
    );
}

#[test]
fn tables_that_are_not_what_the_ledger_claims_are_refused() {
    for (damage, expected) in [
        (
            "UPDATE _smithers_schema_migrations SET checksum = 'x' WHERE id = '0002_runs'",
            "migration `0002_runs` was applied with another text",
        ),
        (
            "DROP TRIGGER _smithers_audit_keep",
            "the trigger `_smithers_audit_keep` is missing",
        ),
        (
            "DROP INDEX _smithers_attempts_due;
             CREATE INDEX _smithers_attempts_due ON _smithers_attempts (run_id)",
            "`_smithers_attempts_due` was changed",
        ),
    ] {
        let scratch = ScratchDb::new();
        scratch.open();
        outsider(&scratch).execute_batch(damage).unwrap();
        let error = refused(&scratch).to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn tables_that_people_add_are_no_concern_of_ours() {
    let scratch = ScratchDb::new();
    scratch.open();
    outsider(&scratch)
        .execute_batch(
            "CREATE TABLE notes (x); CREATE INDEX mine ON _smithers_runs (workflow_name)",
        )
        .unwrap();
    scratch.open();
}

#[test]
fn a_database_with_a_damaged_page_is_refused_and_nothing_is_written_to_it() {
    let scratch = ScratchDb::new();
    drop(scratch.open());
    let conn = outsider(&scratch);
    let root: u64 = conn
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = '_smithers_runs'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    conn.close().unwrap();
    let mut bytes = std::fs::read(scratch.path()).unwrap();
    let page = usize::try_from(root - 1).unwrap() * 4096;
    bytes[page..page + 4096].fill(0xa5);
    std::fs::write(scratch.path(), &bytes).unwrap();
    let error = refused(&scratch);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(
        error.to_string().contains(&format!("page {root}")),
        "{error}"
    );
    assert_eq!(std::fs::read(scratch.path()).unwrap(), bytes);
}
