//! Every query of the read side uses an index: the plan of each statement that was really prepared is read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::json;
use smithers_model::node::{AttemptState, NodeState};

use crate::backend::Backend;
use crate::testkit::{
    Everything, RunScript, ScratchDb, approval, attempt, commit_all, definition, frame, node,
    output, typed_definition,
};

thread_local! {
    /// Statements that were prepared on this thread.
    static PREPARED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Remembers a statement.
pub(super) fn record(sql: &str) {
    PREPARED.with_borrow_mut(|prepared| prepared.insert(sql.to_owned()));
}

/// The lines of a statement's plan.
fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Values do not matter: no table has statistics that could sway the planner.
    for parameter in 1..=statement.parameter_count() {
        statement
            .raw_bind_parameter(parameter, rusqlite::types::Null)
            .unwrap();
    }
    let mut rows = statement.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get(3).unwrap());
    }
    lines
}

fn populated() -> ScratchDb {
    let scratch = ScratchDb::new();
    let store = scratch.open();
    let mut transactions = store.open_writer().unwrap();
    let workflows = [definition(), typed_definition()];
    transactions.define_outputs(&workflows).unwrap().unwrap();
    let mut script = RunScript::new("r");
    let rows = vec![
        node("a", NodeState::WaitingApproval),
        attempt("a", 1, AttemptState::Failed, Some(9)),
        output("result", "a", &json!({})),
        output("finalNote", "a", &json!({})),
        approval(&"r".into(), "a", 1),
        frame(1, "x"),
    ];
    drop(transactions);
    commit_all(&store, [script.launch(), script.step(vec![], rows)]);
    scratch
}

#[test]
fn no_read_walks_a_whole_table() {
    let scratch = populated();
    let store = scratch.open();
    store.open_writer().unwrap();
    let reader = store.reader().unwrap();
    Everything::read(&*reader, &["r".into()]).unwrap();
    let prepared = PREPARED.take();
    assert!(
        prepared.len() > 30,
        "the reads were recorded: {}",
        prepared.len()
    );
    let conn = Connection::open(scratch.path()).unwrap();
    for sql in &prepared {
        for line in plan(&conn, sql) {
            // The ids are those that the read itself has found.
            let is_own = ["SCAN CONSTANT ROW", "SCAN ids"].contains(&line.as_str());
            let walks = line.contains("SCAN") && !is_own;
            assert!(!walks, "{line}\n{sql}");
        }
    }
}

#[test]
fn lists_come_out_of_their_index_in_order() {
    let scratch = populated();
    let store = scratch.open();
    let reader = store.reader().unwrap();
    Everything::read(&*reader, &["r".into()]).unwrap();
    let conn = Connection::open(scratch.path()).unwrap();
    // What one run asks for is few: it is found by run and sorted.
    let prepared = PREPARED.take().into_iter();
    let lists = prepared.filter(|sql| sql.contains("LIMIT") && !sql.contains("a.run_id = :run"));
    for sql in lists {
        for line in plan(&conn, &sql) {
            assert!(!line.contains("TEMP B-TREE"), "{line}\n{sql}");
        }
    }
}
