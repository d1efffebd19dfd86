//! The n-th write or sync fails, under the real SQLite: nobody is told a lie, and the store recovers by itself.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use smithers_model::RunId;
use smithers_model::time::Clock;
use smithers_store::testkit::{
    Collector, DiskFault, FaultyDisk, ManualClock, Operation, Place, ScratchDb, definition,
    outcome_of,
};
use smithers_store::{
    Backend, SqliteOptions, SqliteStore, StepOutcome, SubmitError, Writer, WriterHandle,
    WriterOptions, WriterState,
};

use crate::workload::{RUNS, Workload};

const DEADLINE: Duration = Duration::from_secs(60);
/// Steps of each run, its launch included.
const STEPS: usize = 7;

struct Trial {
    disk: FaultyDisk,
    scratch: ScratchDb,
    store: Arc<SqliteStore>,
    published: Collector,
    writer: WriterHandle,
    states: Receiver<WriterState>,
    workload: Workload,
}

impl Trial {
    fn new(weight: usize) -> Self {
        let (disk, scratch) = (FaultyDisk::install(), ScratchDb::new());
        let options = SqliteOptions {
            vfs: Some(disk.vfs()),
            ..scratch.options()
        };
        let store = Arc::new(SqliteStore::open(&options).unwrap());
        let published = Collector::default();
        let (tx, states) = channel();
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
        let writer_options = WriterOptions {
            on_state: Some(Box::new(move |state, _| {
                let _ = tx.send(state.clone());
            })),
            ..WriterOptions::new(clock)
        };
        let writer = Writer::spawn(store.clone(), Box::new(published.clone()), writer_options);
        let writer = writer.unwrap();
        writer.define_outputs(vec![definition()]).unwrap();
        Self {
            disk,
            scratch,
            store,
            published,
            writer,
            states,
            workload: Workload::new(weight),
        }
    }

    /// Takes every run through all of its steps, whatever happens in between.
    fn run(&mut self) {
        for _ in 0..STEPS {
            for id in RUNS {
                let run = RunId::from(id);
                let goal = self.workload.done(&run) + 1;
                while self.workload.done(&run) < goal {
                    self.one_step(&run);
                }
            }
        }
    }

    fn one_step(&mut self, run: &RunId) {
        match outcome_of(&self.writer, self.workload.step(run)) {
            Ok(StepOutcome::Committed(step)) => self.workload.committed(&step),
            Ok(StepOutcome::Unknown) | Err(SubmitError::Degraded { .. }) => {
                self.wait_until_ready();
                let reader = self.store.reader().unwrap();
                self.workload.read_back(&*reader, run);
            }
            other => panic!("{other:?}"),
        }
    }

    fn wait_until_ready(&self) {
        loop {
            match self.states.recv_timeout(DEADLINE).unwrap() {
                WriterState::Ready => return,
                WriterState::Degraded { .. } => self.disk.heal(),
            }
        }
    }

    /// The checkpoint thread works on its own time.
    fn wait_for_strike(&self) {
        let started = Instant::now();
        while self.disk.strikes() == 0 {
            assert!(started.elapsed() < DEADLINE, "the log was never folded");
            std::thread::yield_now();
        }
    }

    /// Ends the process in good order, opens the file with a sound disk and checks it.
    fn check(self) {
        self.workload.check(&*self.store);
        let told: Vec<u64> = self
            .published
            .steps()
            .iter()
            .flat_map(|step| step.events.iter().map(|event| event.position))
            .collect();
        let acknowledged: Vec<u64> = self
            .workload
            .acknowledged
            .iter()
            .map(|event| event.position)
            .collect();
        assert_eq!(
            told, acknowledged,
            "what is published is what is acknowledged"
        );
        self.writer.shutdown();
        drop((self.writer, self.store));
        let again = self.scratch.open();
        self.workload.check(&again);
        let conn = Connection::open(self.scratch.path()).unwrap();
        let sound: String = conn
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
    }
}

/// One trial for each n; returns how many of them met the fault.
fn sweep(
    operation: Operation,
    full: bool,
    lasting: bool,
    numbers: impl Iterator<Item = u64>,
) -> usize {
    let mut met = 0;
    for nth in numbers {
        let mut trial = Trial::new(10);
        trial.disk.fail(DiskFault {
            operation,
            place: Place::Anywhere,
            nth,
            full,
            lasting,
        });
        trial.run();
        met += usize::from(trial.disk.strikes() > 0);
        trial.disk.heal();
        trial.check();
    }
    met
}

#[test]
fn an_io_error_at_the_nth_write_makes_nobody_a_liar_and_heals() {
    let numbers = (1..=24).chain((31..400).step_by(53));
    assert!(sweep(Operation::Write, false, false, numbers) > 26);
}

#[test]
fn an_io_error_at_the_nth_sync_makes_nobody_a_liar_and_heals() {
    assert!(sweep(Operation::Sync, false, false, 1..=21) > 18);
}

#[test]
fn a_disk_that_is_full_for_a_while_makes_nobody_a_liar_and_heals() {
    let numbers = (1..=12).chain((23..400).step_by(67));
    assert!(sweep(Operation::Write, true, true, numbers) > 14);
}

#[test]
fn syncs_that_go_on_failing_for_a_while_make_nobody_a_liar() {
    assert!(sweep(Operation::Sync, false, true, (1..=21).step_by(4)) > 4);
}

/// Rows so large that the log is folded while runs go on.
const HEAVY: usize = 300 * 1024;

#[test]
fn faults_while_the_log_is_folded_lose_nothing_and_stop_nobody() {
    for (operation, nth) in [
        (Operation::Write, 1),
        (Operation::Write, 40),
        (Operation::Sync, 1),
    ] {
        let mut trial = Trial::new(HEAVY);
        trial.disk.fail(DiskFault {
            operation,
            place: Place::Database,
            nth,
            full: false,
            lasting: true,
        });
        trial.run();
        assert_eq!(trial.writer.generation(), 1, "no commit has met the fault");
        assert!(trial.store.log_pages() > 1000, "the log waits to be folded");
        trial.wait_for_strike();
        trial.disk.heal();
        trial.check();
    }
}
