//! Deleting runs from a file: large ones, ones that others refer to, and a death in between.

use rusqlite::Connection;
use serde_json::json;
use smithers_model::audit::Channel;
use smithers_model::deletion::DeletionOrder;
use smithers_model::event::Event;
use smithers_model::node::{AttemptState, NodeState};
use smithers_model::run::{Actor, RunStatus};
use smithers_model::step::{RowChange, RunUpdate};
use smithers_model::{NodeKey, RunId, Timestamp};
use smithers_store::testkit::{
    RunScript, ScratchDb, approval, attempt, commit_all, decision, definition, frame, node, output,
};
use smithers_store::{Backend, Deletion, DeletionRefusal, SqliteStore, Transactions, log_digest};

fn open(scratch: &ScratchDb) -> SqliteStore {
    let store = scratch.open();
    let mut transactions = store.open_writer().unwrap();
    transactions
        .define_outputs(&[definition()])
        .unwrap()
        .unwrap();
    store
}

fn ended() -> RowChange {
    RowChange::UpdateRun(RunUpdate {
        status: Some(RunStatus::Finished),
        finished_at: Some(Timestamp(9)),
        ..RunUpdate::default()
    })
}

/// A run with rows in every table, `events` of them in its log.
fn launch(store: &SqliteStore, id: &str, events: usize) {
    let mut script = RunScript::new(id);
    script.epoch = store.epoch();
    let launch = script.launch_with(|new| new.idempotency_key = Some(id.into()));
    let rows = vec![
        node("a", NodeState::Finished),
        attempt("a", 1, AttemptState::Finished, None),
        output("result", "a", &json!({})),
        output("finalNote", "a", &json!({})),
        approval(&id.into(), "a", 1),
        decision("a", true),
        frame(1, id),
        ended(),
    ];
    let pending = Event::NodePending {
        node: NodeKey::new("a", 0),
    };
    commit_all(
        store,
        [launch, script.step(vec![pending; events - 1], rows)],
    );
}

fn order(store: &SqliteStore, id: &str) -> DeletionOrder {
    DeletionOrder {
        run_id: id.into(),
        at: Timestamp(5_000),
        actor: Actor {
            channel: Channel::Scheduler,
            ..Actor::default()
        },
        reason: None,
        log: log_digest(&*store.reader().unwrap(), &id.into()).unwrap(),
    }
}

fn delete(
    store: &SqliteStore,
    transactions: &mut dyn Transactions,
    id: &str,
) -> Result<Deletion, DeletionRefusal> {
    transactions.delete_run(&order(store, id)).unwrap()
}

fn outsider(scratch: &ScratchDb) -> Connection {
    Connection::open(scratch.path()).unwrap()
}

/// How many rows each table has that names the run.
fn rows_of(conn: &Connection, run: &str) -> Vec<(String, i64)> {
    let sql =
        "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'run_id'
               WHERE m.type = 'table' ORDER BY m.name";
    let mut tables = conn.prepare(sql).unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let count = |table: String| {
        let sql = format!("SELECT count(*) FROM \"{table}\" WHERE run_id = ?1");
        let rows = conn.query_row(&sql, [run], |row| row.get(0)).unwrap();
        (table, rows)
    };
    tables
        .map(|table| count(table.unwrap()))
        .filter(|(_, rows)| *rows > 0)
        .collect()
}

fn broken_references(conn: &Connection) -> usize {
    let mut check = conn.prepare("PRAGMA foreign_key_check").unwrap();
    check.query_map([], |_| Ok(())).unwrap().count()
}

#[test]
fn a_deleted_run_leaves_its_tombstone_and_its_audit_rows_and_nothing_else() {
    let scratch = ScratchDb::new();
    let store = open(&scratch);
    let mut transactions = store.open_writer().unwrap();
    launch(&store, "r", 5);
    let conn = outsider(&scratch);
    assert!(rows_of(&conn, "r").len() >= 12, "{:?}", rows_of(&conn, "r"));
    assert!(delete(&store, &mut *transactions, "r").unwrap().is_finished);
    let left = [("_smithers_audit", 1), ("_smithers_run_tombstones", 1)];
    let left = left.map(|(table, rows)| (table.to_owned(), rows));
    assert_eq!(rows_of(&conn, "r"), left);
    assert_eq!(broken_references(&conn), 0);
    let trees = "SELECT count(*) FROM _smithers_trees";
    let trees: i64 = conn.query_row(trees, [], |row| row.get(0)).unwrap();
    assert_eq!(trees, 0);
}

#[test]
fn run_owned_tables_refer_to_their_run_and_what_outlives_it_does_not() {
    let scratch = ScratchDb::new();
    open(&scratch);
    let conn = outsider(&scratch);
    let sql = "SELECT DISTINCT m.name,
                      EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name) f
                              WHERE f.\"from\" = 'run_id'
                                AND f.\"table\" IN ('_smithers_runs', '_smithers_approvals'))
               FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'run_id'
               WHERE m.type = 'table' AND m.name <> '_smithers_runs' ORDER BY m.name";
    let mut tables = conn.prepare(sql).unwrap();
    let tables = tables
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let tables: Vec<(String, bool)> = tables.map(Result::unwrap).collect();
    let free: Vec<&str> = tables
        .iter()
        .filter(|(_, refers)| !refers)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        free,
        [
            "_smithers_audit",
            "_smithers_deletion_session",
            "_smithers_run_tombstones",
            "_smithers_time_travel_audit"
        ]
    );
    assert!(tables.len() > 14, "{tables:?}");
}

#[test]
fn a_large_run_is_gone_for_everybody_at_once_and_from_the_file_bit_by_bit() {
    let scratch = ScratchDb::new();
    let store = open(&scratch);
    let mut transactions = store.open_writer().unwrap();
    launch(&store, "large", 10_000);
    launch(&store, "other", 3);
    let begun = delete(&store, &mut *transactions, "large").unwrap();
    assert!(!begun.is_finished);
    assert_eq!(begun.tombstone.counts.events, 10_000);
    let large = RunId::from("large");
    let reader = store.reader().unwrap();
    assert_eq!(reader.run(&large).unwrap(), None);
    assert_eq!(reader.launch_by_key(&"w".into(), "large").unwrap(), None);
    assert_eq!(reader.unfinished_deletions(9).unwrap(), ["large".into()]);
    let again = delete(&store, &mut *transactions, "large").unwrap_err();
    assert_eq!(again, DeletionRefusal::NotFound(large.clone()));

    // The process dies here; what is half deleted is no more open to others than before.
    drop((reader, transactions, store));
    let conn = outsider(&scratch);
    for sql in [
        "DELETE FROM _smithers_runs WHERE run_id = 'large'",
        "DELETE FROM _smithers_events WHERE run_id = 'large'",
    ] {
        assert!(conn.execute_batch(sql).is_err(), "{sql}");
    }
    let store = open(&scratch);
    let mut transactions = store.open_writer().unwrap();
    let mut rounds = 1;
    while !transactions.continue_deletion(&large).unwrap().unwrap() {
        rounds += 1;
    }
    assert!((2..9).contains(&rounds), "{rounds}");
    assert!(transactions.continue_deletion(&large).unwrap().unwrap());
    let reader = store.reader().unwrap();
    assert_eq!(reader.unfinished_deletions(9).unwrap(), []);
    assert_eq!(rows_of(&conn, "large").len(), 2);
    assert_eq!(broken_references(&conn), 0);
    let seqs = reader.events(&"other".into(), None, 99).unwrap();
    let seqs: Vec<u64> = seqs.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [0, 1, 2]);
}

#[test]
fn nobody_deletes_a_run_its_events_its_decisions_or_a_tombstone_by_hand() {
    let scratch = ScratchDb::new();
    let store = open(&scratch);
    launch(&store, "r", 3);
    launch(&store, "gone", 3);
    let mut transactions = store.open_writer().unwrap();
    delete(&store, &mut *transactions, "gone").unwrap();
    let conn = outsider(&scratch);
    // As the sqlite3 shell has it by default, and with what it could be told.
    for pragma in [
        "foreign_keys = OFF",
        "recursive_triggers = OFF",
        "recursive_triggers = ON",
    ] {
        conn.execute_batch(&format!("PRAGMA {pragma}")).unwrap();
        for sql in [
            "DELETE FROM _smithers_runs",
            "REPLACE INTO _smithers_runs SELECT * FROM _smithers_runs",
            "DELETE FROM _smithers_events",
            "UPDATE _smithers_events SET payload_json = '{}'",
            "REPLACE INTO _smithers_events SELECT * FROM _smithers_events",
            "REPLACE INTO _smithers_events SELECT position + 1000, run_id, seq, stream_seq,
                 state_version, type, timestamp_ms, '{}' FROM _smithers_events",
            "DELETE FROM _smithers_approval_decisions",
            "DELETE FROM _smithers_run_tombstones",
            "UPDATE _smithers_run_tombstones SET deleted_by = 'nobody'",
            "REPLACE INTO _smithers_run_tombstones SELECT * FROM _smithers_run_tombstones",
        ] {
            let refused = conn.execute_batch(sql).unwrap_err().to_string();
            assert!(refused.contains(" never "), "{sql}: {refused}");
        }
    }
    let left = "SELECT count(*) FROM _smithers_deletion_session";
    let left: i64 = conn.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(
        left, 0,
        "the key to the triggers lives no longer than its transaction"
    );
}

#[test]
fn a_run_with_children_goes_after_them() {
    let scratch = ScratchDb::new();
    let store = open(&scratch);
    let mut transactions = store.open_writer().unwrap();
    launch(&store, "parent", 2);
    launch(&store, "child", 2);
    outsider(&scratch)
        .execute_batch(
            "UPDATE _smithers_runs SET parent_run_id = 'parent', parent_tie = 'taken'
             WHERE run_id = 'child'",
        )
        .unwrap();
    let refusal = delete(&store, &mut *transactions, "parent").unwrap_err();
    assert_eq!(refusal, DeletionRefusal::HasChildren(vec!["child".into()]));
    let child = delete(&store, &mut *transactions, "child").unwrap();
    assert_eq!(child.tombstone.parent_run_id, Some("parent".into()));
    delete(&store, &mut *transactions, "parent").unwrap();
}

#[test]
fn a_run_that_a_table_of_the_user_refers_to_is_kept_whole() {
    let scratch = ScratchDb::new();
    let store = open(&scratch);
    let mut transactions = store.open_writer().unwrap();
    launch(&store, "r", 3);
    outsider(&scratch)
        .execute_batch(
            "CREATE TABLE notes (run_id TEXT REFERENCES _smithers_runs (run_id), text TEXT);
             INSERT INTO notes VALUES ('r', 'look at this one')",
        )
        .unwrap();
    let before = rows_of(&outsider(&scratch), "r");
    let refusal = delete(&store, &mut *transactions, "r").unwrap_err();
    assert!(
        matches!(refusal, DeletionRefusal::Constraint(_)),
        "{refusal:?}"
    );
    assert_eq!(rows_of(&outsider(&scratch), "r"), before);
    // The write path is as good as before.
    launch(&store, "next", 2);
}

#[test]
fn the_file_shrinks_once_pages_are_given_back() {
    let scratch = ScratchDb::new();
    let store = open(&scratch);
    let mut transactions = store.open_writer().unwrap();
    launch(&store, "large", 8_000);
    delete(&store, &mut *transactions, "large").unwrap();
    while !transactions
        .continue_deletion(&"large".into())
        .unwrap()
        .unwrap()
    {}
    let pages = || -> i64 {
        let sql = "SELECT page_count FROM pragma_page_count";
        outsider(&scratch)
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    };
    let before = pages();
    let released = transactions.release_pages(10).unwrap();
    assert_eq!(released, 10);
    while transactions.release_pages(1_000).unwrap() > 0 {}
    assert!(pages() < before / 2, "{before} pages became {}", pages());
}
