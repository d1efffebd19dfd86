//! Runs on a database that fails: nobody is told a lie, and everything goes on by itself.

mod client;
mod stage;

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use smithers_engine::Refusal;
use smithers_model::RunId;
use smithers_model::error::ErrorInfo;
use smithers_model::run::RunStatus;
use smithers_store::testkit::{
    DiskFault, FaultyDisk, FaultyStore, Moment, Operation, Place, ScratchDb,
};
use smithers_store::{FaultKind, MemoryStore, SqliteOptions, SqliteStore, WriterState};

use super::RunError;
use crate::testing::launch;
use client::{Client, Told};
use stage::Stage;

/// Runs that are under way when the disk fails.
const RUNS: usize = 20;

/// What a trial of the disk has shown.
#[derive(Default)]
struct Outcome {
    /// Trials in which the disk failed.
    struck: usize,
    /// Requests that were told that they were not carried out, or that nobody knows.
    refused: usize,
}

impl Outcome {
    /// Asserts that the trials have tried something: the disk failed in at least `trials` of them.
    #[track_caller]
    fn met_the_fault(self, trials: usize) {
        assert!(
            self.struck >= trials,
            "{} trials met the fault",
            self.struck
        );
        assert!(self.refused > 0, "somebody was told");
    }
}

/// One trial: the disk fails as told while clients launch runs, approve them and see them end.
fn trial(fault: DiskFault, outcome: &mut Outcome) {
    let (disk, scratch) = (FaultyDisk::install(), ScratchDb::new());
    // The actors and their hold on the file end with their system.
    let told = actix::System::new().block_on(live(fault, &disk, &scratch));
    outcome.struck += usize::from(disk.strikes() > 0);
    outcome.refused += told.iter().map(|told| told.refusals).sum::<usize>();
    let again = scratch.open();
    told.iter().for_each(|told| told.check(&again));
}

async fn live(fault: DiskFault, disk: &FaultyDisk, scratch: &ScratchDb) -> Vec<Told> {
    let options = SqliteOptions {
        vfs: Some(disk.vfs()),
        ..scratch.options()
    };
    let stage = Stage::start(Arc::new(SqliteStore::open(&options).unwrap()));
    disk.fail(fault);
    let clients = (0..RUNS).map(|n| Client::new(&stage, disk, format!("r{n}")).live());
    let told = join_all(clients).await;
    disk.heal();
    stage.stop();
    told
}

fn sweep(
    operation: Operation,
    full: bool,
    lasting: bool,
    numbers: impl IntoIterator<Item = u64>,
) -> Outcome {
    let mut outcome = Outcome::default();
    for nth in numbers {
        let fault = DiskFault {
            operation,
            place: Place::Anywhere,
            nth,
            full,
            lasting,
        };
        trial(fault, &mut outcome);
    }
    outcome
}

#[test]
fn an_io_error_at_the_nth_write_loses_no_acknowledged_launch_or_decision() {
    sweep(Operation::Write, false, false, [1, 2, 5, 12, 30, 60]).met_the_fault(5);
}

#[test]
fn an_io_error_at_the_nth_sync_loses_no_acknowledged_launch_or_decision() {
    sweep(Operation::Sync, false, false, [1, 2, 3, 5, 8]).met_the_fault(4);
}

#[test]
fn a_full_disk_loses_no_acknowledged_launch_or_decision() {
    sweep(Operation::Write, true, true, [1, 3, 9, 25, 50]).met_the_fault(4);
}

#[test]
fn syncs_that_go_on_failing_lose_no_acknowledged_launch_or_decision() {
    sweep(Operation::Sync, false, true, [1, 4, 7]).met_the_fault(2);
}

/// A stage over a memory store with a switch for its commits.
fn switched() -> (Stage, smithers_store::testkit::FaultSwitch) {
    let store = FaultyStore::new(MemoryStore::default());
    let switch = store.switch();
    (Stage::start(Arc::new(store)), switch)
}

#[actix::test]
async fn a_launch_that_was_stored_without_an_answer_runs_all_the_same() {
    let (stage, switch) = switched();
    switch.fail_once(FaultKind::Io, Moment::After);
    let told = stage.runs.launch(launch("gated", "r1")).await;
    assert!(matches!(told, Err(RunError::OutcomeUnknown)), "{told:?}");
    stage.wait_for("r1", RunStatus::WaitingApproval).await;
    let again = stage.runs.launch(launch("gated", "r1")).await;
    assert!(matches!(again, Err(RunError::Exists(_))), "{again:?}");
}

#[actix::test]
async fn a_launch_that_was_not_stored_leaves_its_id_free() {
    let (stage, switch) = switched();
    switch.fail_once(FaultKind::DiskFull, Moment::Before);
    let told = stage.runs.launch(launch("gated", "r1")).await;
    assert!(matches!(told, Err(RunError::OutcomeUnknown)), "{told:?}");
    stage.wait_until_ready().await;
    assert_eq!(stage.row("r1"), None);
    stage.runs.launch(launch("gated", "r1")).await.unwrap();
    stage.wait_for("r1", RunStatus::WaitingApproval).await;
}

#[actix::test]
async fn while_the_database_is_down_requests_are_refused_at_once_and_change_nothing() {
    let (stage, switch) = switched();
    stage.runs.launch(launch("gated", "parked")).await.unwrap();
    stage.wait_for("parked", RunStatus::WaitingApproval).await;
    switch.fail(FaultKind::Io, Moment::Before);
    let first = stage.runs.launch(launch("gated", "r1")).await;
    assert!(matches!(first, Err(RunError::OutcomeUnknown)), "{first:?}");
    assert!(matches!(stage.writer.state(), WriterState::Degraded { .. }));
    for n in 0..3 {
        let refused = stage
            .runs
            .launch(launch("gated", &format!("late-{n}")))
            .await;
        assert!(matches!(refused, Err(RunError::Degraded(_))), "{refused:?}");
        let refused = stage.approve("parked").await;
        assert!(matches!(refused, Err(RunError::Degraded(_))), "{refused:?}");
    }
    switch.heal();
    stage.wait_until_ready().await;
    for run in ["r1", "late-0", "late-1", "late-2"] {
        assert_eq!(stage.row(run), None, "{run}");
    }
    assert_eq!(
        stage.row("parked").unwrap().status,
        RunStatus::WaitingApproval
    );
    stage.approve("parked").await.unwrap();
    stage.wait_for("parked", RunStatus::Finished).await;
}

#[actix::test]
async fn a_decision_that_was_stored_without_an_answer_counts_once() {
    let (stage, switch) = switched();
    stage.runs.launch(launch("gated", "r1")).await.unwrap();
    stage.wait_for("r1", RunStatus::WaitingApproval).await;
    stage.wait_until_closed().await;
    switch.fail_once(FaultKind::Io, Moment::After);
    let told = stage.approve("r1").await;
    assert!(matches!(told, Err(RunError::OutcomeUnknown)), "{told:?}");
    stage.wait_for("r1", RunStatus::Finished).await;
    assert_eq!(stage.event_count("r1", "ApprovalGranted"), 1);
    assert_eq!(stage.event_count("r1", "RunFinished"), 1);
}

#[actix::test]
async fn requests_for_a_run_that_a_busy_thread_has_yet_to_open_wait_for_it() {
    let (stage, _switch) = switched();
    stage.runs.launch(launch("gated", "r1")).await.unwrap();
    stage.wait_for("r1", RunStatus::WaitingApproval).await;
    stage.wait_until_closed().await;
    let busy = stage.stall();
    let decisions = join_all((0..100).map(|_| stage.approve("r1")));
    let free = async {
        let arrived = || (stage.runs.open_runs() == 1).then_some(());
        stage::wait("the registry to open the run", arrived).await;
        drop(busy);
    };
    let (told, ()) = futures_util::join!(decisions, free);
    let given = told.iter().filter(|told| told.is_ok()).count();
    assert_eq!(given, 1);
    let decided = |told: &Result<(), RunError>| {
        matches!(
            told,
            Ok(()) | Err(RunError::Refused(Refusal::AlreadyDecided { .. }))
        )
    };
    assert!(told.iter().all(decided), "{told:?}");
}

#[actix::test]
async fn a_poison_row_fails_its_own_run_with_the_reason_and_49_others_finish() {
    let scratch = ScratchDb::new();
    let stage = Stage::start(Arc::new(scratch.open()));
    let trigger = "CREATE TRIGGER no_poison BEFORE INSERT ON output WHEN new.n = 23
                   BEGIN SELECT raise(ABORT, 'n must not be 23'); END";
    rusqlite::Connection::open(scratch.path())
        .unwrap()
        .execute_batch(trigger)
        .unwrap();
    let launches = (0..50).map(|n| {
        let mut launch = launch("number", &format!("r{n}"));
        launch.input = smithers_model::RawJson::of(&json!({ "n": n }));
        stage.runs.launch(launch)
    });
    for launched in join_all(launches).await {
        launched.unwrap();
    }
    for n in (0..50).filter(|n| *n != 23) {
        stage.wait_for(&format!("r{n}"), RunStatus::Finished).await;
    }
    let failed = stage.wait_for("r23", RunStatus::Failed).await;
    let error = failed.error.unwrap();
    let told: Vec<&ErrorInfo> =
        std::iter::successors(Some(&error), |error| error.cause.as_deref()).collect();
    let why = told
        .iter()
        .find(|error| error.code.as_deref() == Some("DB_WRITE_FAILED"));
    let why = why.unwrap_or_else(|| panic!("no DB_WRITE_FAILED in {told:?}"));
    assert!(why.message.contains("n must not be 23"), "{why:?}");
    let reader = stage.backend.reader().unwrap();
    assert_eq!(reader.outputs(&RunId::from("r23")).unwrap().len(), 0);
    let payload: Value = reader.outputs(&RunId::from("r22")).unwrap()[0]
        .payload
        .value();
    assert_eq!(payload["n"], 22);
}
