//! Rows that break rules which users have added to their tables: only their step is left out.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use smithers_model::event::Event;
use smithers_model::step::StepWrite;
use smithers_store::testkit::{
    Collector, ManualClock, RunScript, ScratchDb, audit_record, definition, output,
};
use smithers_store::{
    Backend, Refusal, SqliteStore, StepOutcome, Writer, WriterHandle, WriterOptions, first_break,
};

const DEADLINE: Duration = Duration::from_secs(30);

struct Poisoned {
    scratch: ScratchDb,
    store: Arc<SqliteStore>,
    published: Collector,
    writer: WriterHandle,
    scripts: Vec<RunScript>,
}

/// Fifty runs, and a trigger that refuses notes about poison with `action`.
fn poisoned(action: &str) -> Poisoned {
    let scratch = ScratchDb::new();
    let store = Arc::new(scratch.open());
    let published = Collector::default();
    let options = WriterOptions::new(Arc::new(ManualClock::default()));
    let writer = Writer::spawn(store.clone(), Box::new(published.clone()), options).unwrap();
    writer.define_outputs(vec![definition()]).unwrap();
    let mut scripts: Vec<RunScript> = (0..50).map(|n| RunScript::new(&format!("r{n}"))).collect();
    let launches = scripts.iter_mut().map(RunScript::launch).collect();
    for outcome in batch(&writer, launches) {
        assert!(matches!(outcome, StepOutcome::Committed(_)));
    }
    user_sql(
        &scratch,
        &format!(
            "CREATE TRIGGER no_poison BEFORE INSERT ON final_note WHEN new.body = 'poison'
             BEGIN SELECT raise({action}, 'tastes bad'); END"
        ),
    );
    Poisoned {
        scratch,
        store,
        published,
        writer,
        scripts,
    }
}

pub(crate) fn user_sql(scratch: &ScratchDb, sql: &str) {
    let conn = Connection::open(scratch.path()).unwrap();
    conn.busy_timeout(DEADLINE).unwrap();
    conn.execute_batch(sql).unwrap();
}

/// Submits steps so that the writer finds all of them waiting.
pub(crate) fn batch(writer: &WriterHandle, steps: Vec<StepWrite>) -> Vec<StepOutcome> {
    let (tx, rx) = channel();
    let count = steps.len();
    let queued = writer.clone();
    writer
        .run(move |_| {
            for (n, step) in steps.into_iter().enumerate() {
                let tx = tx.clone();
                let reply = Box::new(move |outcome| tx.send((n, outcome)).unwrap());
                queued.submit(step, reply).unwrap();
            }
            Ok(())
        })
        .unwrap();
    let mut outcomes: Vec<(usize, StepOutcome)> = (0..count)
        .map(|_| rx.recv_timeout(DEADLINE).unwrap())
        .collect();
    outcomes.sort_by_key(|(n, _)| *n);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Every run finishes a note; those of `bad` are poison.
fn notes(scripts: &mut [RunScript], bad: &[usize]) -> Vec<StepWrite> {
    let note = |(n, script): (usize, &mut RunScript)| {
        let body = if bad.contains(&n) { "poison" } else { "fine" };
        // The audit row comes first: the chain must go back with the step.
        let rows = vec![
            audit_record("note", script.run_id()),
            output("finalNote", "note", &json!({"body": body})),
        ];
        script.step(vec![Event::RunCancelled], rows)
    };
    scripts.iter_mut().enumerate().map(note).collect()
}

fn check(action: &str, bad: &[usize]) {
    let mut subject = poisoned(action);
    let before = subject.writer.stats();
    let outcomes = batch(&subject.writer, notes(&mut subject.scripts, bad));
    let after = subject.writer.stats();
    assert_eq!(after.batches - before.batches, 1, "all of it was one batch");
    assert_eq!(after.largest_batch, 50);
    let reader = subject.store.reader().unwrap();
    for (n, outcome) in outcomes.iter().enumerate() {
        let run = subject.scripts[n].run_id();
        let rows = reader.outputs(run).unwrap();
        if bad.contains(&n) {
            let StepOutcome::Refused(Refusal::Constraint { message }) = outcome else {
                panic!("run {n}: {outcome:?}");
            };
            assert_eq!(message, "tastes bad");
            assert!(rows.is_empty(), "run {n} keeps nothing of the step");
            assert_eq!(reader.events(run, None, 9).unwrap().len(), 1);
        } else {
            assert!(
                matches!(outcome, StepOutcome::Committed(_)),
                "run {n}: {outcome:?}"
            );
            assert_eq!(rows.len(), 1);
        }
    }
    let published: Vec<u64> = subject.published.steps()[50..]
        .iter()
        .flat_map(|step| step.events.iter().map(|event| event.position))
        .collect();
    let expected: Vec<u64> = (51..=100 - bad.len() as u64).collect();
    assert_eq!(
        published, expected,
        "positions have no hole where a step was left out"
    );
    assert_eq!(reader.state_version().unwrap(), 50 - bad.len() as u64);
    let audit = reader.audit(0, 100).unwrap();
    assert_eq!((audit.len(), first_break(&audit)), (50 - bad.len(), None));
    drop(subject.scratch);
}

#[test]
fn a_poison_output_row_among_50_runs_in_one_batch_49_commit() {
    check("ABORT", &[23]);
}

#[test]
fn several_poison_rows_are_each_left_out_alone() {
    check("ABORT", &[0, 7, 8, 49]);
}

#[test]
fn a_trigger_that_rolls_the_whole_transaction_back_costs_only_its_own_step() {
    check("ROLLBACK", &[7, 31]);
}

#[test]
fn a_trigger_that_fails_half_way_leaves_nothing_of_its_step() {
    check("FAIL", &[12]);
}

#[test]
fn a_trigger_of_the_user_that_is_itself_broken_refuses_only_the_step_that_meets_it() {
    let mut subject = poisoned("ABORT");
    user_sql(
        &subject.scratch,
        "CREATE TRIGGER broken AFTER INSERT ON result BEGIN INSERT INTO no_such_table VALUES (1); END",
    );
    let mut steps = notes(&mut subject.scripts[..2], &[]);
    let row = output("result", "a", &json!({"text": "x"}));
    steps.push(subject.scripts[2].step(vec![], vec![row]));
    let outcomes = batch(&subject.writer, steps);
    assert!(matches!(outcomes[0], StepOutcome::Committed(_)));
    assert!(matches!(outcomes[1], StepOutcome::Committed(_)));
    assert!(matches!(
        &outcomes[2],
        StepOutcome::Refused(Refusal::Constraint { message }) if message.contains("no_such_table")
    ));
}
