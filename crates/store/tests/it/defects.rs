//! Steps that meet a defect of the storage code: the batch is told that it knows nothing, as after any fault;
//! when the steps come again, the one that meets the defect is refused alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use smithers_model::event::Event;
use smithers_model::redact::{Clean, Finding, Pieces, Place, Redactor};
use smithers_model::step::StepWrite;
use smithers_store::testkit::{
    FaultSwitch, FaultyStore, ManualClock, Moment, RunScript, ScratchDb, commit, definition,
    outcome_of, output,
};
use smithers_store::writer::CAREFUL_STEPS;
use smithers_store::{
    Backend, FaultKind, MemoryStore, NoPublisher, Refusal, SqliteOptions, SqliteStore, StepOutcome,
    Writer, WriterHandle, WriterOptions, WriterState,
};

use crate::poison::{batch, user_sql};

const DEADLINE: Duration = Duration::from_secs(30);
/// The run among [`RUNS`] whose steps meet the defect.
const CULPRIT: usize = 2;
const RUNS: usize = 5;

/// Panics over notes about it.
struct Fragile;

impl Redactor for Fragile {
    fn text(&self, _: Place, text: &str) -> Option<Clean> {
        assert!(!text.contains("fragile"), "a defect of the redactor");
        None
    }

    fn json(&self, place: Place, json: &str) -> Option<Clean> {
        self.text(place, json)
    }

    fn pieces(self: Arc<Self>, _: Place) -> Box<dyn Pieces> {
        unreachable!("no text comes in pieces")
    }
    fn certain(&self, _: Place, _: &str) -> Vec<Finding> {
        Vec::new()
    }
}

fn spawn(store: Arc<dyn Backend>) -> WriterHandle {
    let options = WriterOptions {
        queue_steps: 2 * CAREFUL_STEPS,
        ..WriterOptions::new(Arc::new(ManualClock::default()))
    };
    Writer::spawn(store, Box::new(NoPublisher), options).unwrap()
}

fn scripts(count: usize) -> Vec<RunScript> {
    let script = |n| RunScript::new(&format!("r{n}"));
    (0..count).map(script).collect()
}

fn launches(scripts: &mut [RunScript]) -> Vec<StepWrite> {
    scripts.iter_mut().map(RunScript::launch).collect()
}

/// Every run finishes a note.
fn notes(scripts: &[RunScript]) -> Vec<StepWrite> {
    let note = |(n, script): (usize, &RunScript)| {
        let body = if n == CULPRIT { "fragile" } else { "fine" };
        let row = output("finalNote", "note", &json!({"body": body}));
        script.clone().step(vec![Event::RunCancelled], vec![row])
    };
    scripts.iter().enumerate().map(note).collect()
}

fn is_committed(outcome: &StepOutcome) -> bool {
    matches!(outcome, StepOutcome::Committed(_))
}

fn all_unknown(outcomes: &[StepOutcome]) -> bool {
    outcomes
        .iter()
        .all(|outcome| *outcome == StepOutcome::Unknown)
}

/// Launches all runs, lets `harm` prepare the defect, and sends every run's note twice: the first time all
/// of them fail, the second time only the culprit's does. Returns what it is told.
fn check(options: &SqliteOptions, harm: impl FnOnce()) -> String {
    let store = Arc::new(SqliteStore::open(options).unwrap());
    let writer = spawn(store.clone());
    writer.define_outputs(vec![definition()]).unwrap();
    let mut scripts = scripts(RUNS);
    let launched = batch(&writer, launches(&mut scripts));
    assert!(launched.iter().all(is_committed));
    harm();
    assert!(all_unknown(&batch(&writer, notes(&scripts))));
    wait_until_ready(&writer, 2);
    let reader = store.reader().unwrap();
    for script in &scripts {
        assert!(reader.outputs(script.run_id()).unwrap().is_empty());
    }
    drop(reader);
    let mut outcomes = batch(&writer, notes(&scripts));
    let refused = outcomes.remove(CULPRIT);
    assert!(outcomes.iter().all(is_committed), "{outcomes:?}");
    let StepOutcome::Refused(Refusal::Constraint { message }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(writer.state(), WriterState::Ready);
    assert_eq!(writer.generation(), 2, "nobody has to read back again");
    let stats = writer.stats();
    assert_eq!((stats.refused, stats.unknown), (1, RUNS as u64));
    let reader = store.reader().unwrap();
    for (n, script) in scripts.iter().enumerate() {
        let rows = reader.outputs(script.run_id()).unwrap();
        assert_eq!(rows.is_empty(), n == CULPRIT);
    }
    message
}

fn wait_until_ready(writer: &WriterHandle, generation: u64) {
    let started = Instant::now();
    while writer.generation() < generation || writer.state() != WriterState::Ready {
        assert!(started.elapsed() < DEADLINE, "{:?}", writer.state());
        std::thread::yield_now();
    }
}

#[test]
fn a_step_that_makes_the_storage_panic_is_refused_alone_when_it_comes_again() {
    let scratch = ScratchDb::new();
    let options = SqliteOptions {
        redactor: Arc::new(Fragile),
        ..scratch.options()
    };
    let message = check(&options, || {});
    assert_eq!(message, "the storage code panicked");
}

#[test]
fn a_step_that_fails_inside_the_transaction_is_refused_alone_when_it_comes_again() {
    let scratch = ScratchDb::new();
    let damage = "UPDATE _smithers_run_heads SET next_seq = -7 WHERE run_id = 'r2'";
    let message = check(&scratch.options(), || user_sql(&scratch, damage));
    assert!(message.contains("-7"), "{message}");
}

#[test]
fn a_run_whose_step_was_refused_goes_on_with_another_one() {
    let scratch = ScratchDb::new();
    let options = SqliteOptions {
        redactor: Arc::new(Fragile),
        ..scratch.options()
    };
    let writer = spawn(Arc::new(SqliteStore::open(&options).unwrap()));
    writer.define_outputs(vec![definition()]).unwrap();
    let mut script = RunScript::new("r");
    outcome_of(&writer, script.launch()).unwrap();
    let row = output("finalNote", "note", &json!({"body": "fragile"}));
    let fragile = script.clone().step(vec![], vec![row]);
    let refused = outcome_of(&writer, fragile).unwrap();
    assert!(matches!(refused, StepOutcome::Refused(_)), "{refused:?}");
    let failing = script.step(vec![Event::RunCancelled], vec![]);
    assert!(is_committed(&outcome_of(&writer, failing).unwrap()));
    assert_eq!(writer.generation(), 1);
}

#[test]
fn sqlite_is_sure_of_nothing_once_it_was_asked_to_commit() {
    let scratch = ScratchDb::new();
    let options = SqliteOptions {
        redactor: Arc::new(Fragile),
        ..scratch.options()
    };
    let store = SqliteStore::open(&options).unwrap();
    let mut transactions = store.open_writer().unwrap();
    let mut script = RunScript::new("r");
    commit(&mut *transactions, script.launch()).unwrap();
    assert!(!transactions.stored_nothing());
    user_sql(
        &scratch,
        "UPDATE _smithers_run_heads SET next_seq = -7 WHERE run_id = 'r'",
    );
    let fault = transactions.commit(vec![script.step(vec![], vec![])]);
    assert_eq!(fault.unwrap_err().kind, FaultKind::Internal);
    assert!(transactions.stored_nothing());
}

fn faulty() -> (FaultSwitch, WriterHandle) {
    let store = FaultyStore::new(MemoryStore::default());
    (store.switch(), spawn(Arc::new(store)))
}

#[test]
fn a_single_step_that_may_be_stored_stays_unknown() {
    let (switch, writer) = faulty();
    switch.fail_once(FaultKind::Internal, Moment::After);
    let outcome = outcome_of(&writer, RunScript::new("r").launch()).unwrap();
    assert_eq!(outcome, StepOutcome::Unknown);
    wait_until_ready(&writer, 2);
}

#[test]
fn a_single_step_is_not_blamed_while_nothing_can_be_written() {
    let (switch, writer) = faulty();
    switch.fail(FaultKind::Internal, Moment::Before);
    let outcome = outcome_of(&writer, RunScript::new("r").launch()).unwrap();
    assert_eq!(outcome, StepOutcome::Unknown);
    assert!(matches!(writer.state(), WriterState::Degraded { .. }));
    assert_eq!(writer.stats().unknown, 1);
    switch.heal();
    wait_until_ready(&writer, 2);
}

#[test]
fn a_fault_of_the_disk_blames_nobody_and_batches_stay_whole() {
    let kinds = [
        FaultKind::Io,
        FaultKind::DiskFull,
        FaultKind::Corrupt,
        FaultKind::Locked,
    ];
    for kind in kinds {
        let (switch, writer) = faulty();
        switch.fail_once(kind, Moment::Before);
        let outcome = outcome_of(&writer, RunScript::new("r").launch()).unwrap();
        assert_eq!(outcome, StepOutcome::Unknown, "{kind:?}");
        wait_until_ready(&writer, 2);
        let outcomes = batch(&writer, launches(&mut scripts(RUNS)));
        assert!(outcomes.iter().all(is_committed));
        assert_eq!(writer.stats().batches, 1, "{kind:?}");
    }
}

#[test]
fn steps_share_transactions_again_after_a_while() {
    let (switch, writer) = faulty();
    let more = 20;
    let mut scripts = scripts(CAREFUL_STEPS + more);
    let steps = launches(&mut scripts);
    let first = launches(&mut [RunScript::new("a"), RunScript::new("b")]);
    switch.fail_once(FaultKind::Internal, Moment::Before);
    assert!(all_unknown(&batch(&writer, first)));
    wait_until_ready(&writer, 2);
    let outcomes = batch(&writer, steps);
    assert!(outcomes.iter().all(is_committed));
    let stats = writer.stats();
    assert_eq!(stats.batches, CAREFUL_STEPS as u64 + 1);
    assert_eq!(stats.last_batch, more as u64);
}
