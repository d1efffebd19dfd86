//! A backup is of one instant, however fast others write meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use smithers_model::RunId;
use smithers_store::ops::{self, Method, Progress, Stage};
use smithers_store::testkit::{ManualClock, ScratchDb, outcome_of};
use smithers_store::{
    Backend, NoPublisher, SqliteStore, StepOutcome, Writer, WriterHandle, WriterOptions,
};

use super::{fill, options, restore};
use crate::workload::{RUNS, Workload};

/// Commits between two steps of a copy.
const MEANWHILE: u64 = 250;

/// Somebody who writes without a pause.
struct Hurry {
    written: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Workload>,
}

impl Hurry {
    fn begin(writer: WriterHandle, mut workload: Workload) -> Self {
        let (written, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (count, stopped) = (written.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            for run in RUNS.iter().cycle() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let step = workload.step(&RunId::from(*run));
                let StepOutcome::Committed(step) = outcome_of(&writer, step).unwrap() else {
                    panic!("the disk is sound");
                };
                workload.committed(&step);
                count.fetch_add(1, Ordering::SeqCst);
            }
            workload
        });
        Self {
            written,
            stop,
            thread,
        }
    }

    /// Waits until that many more steps are committed.
    fn wait_for(&self, more: u64) {
        let (from, deadline) = (self.written(), Instant::now() + Duration::from_secs(60));
        while self.written() < from + more {
            assert!(Instant::now() < deadline, "nobody writes");
            std::thread::yield_now();
        }
    }

    fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    fn end(self) -> Workload {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

fn backup_while_somebody_writes(method: Method) {
    let scratch = ScratchDb::new();
    let store = Arc::new(scratch.open());
    let mut workload = Workload::new(100_000);
    // Several steps of 4 MiB.
    fill(&store, &mut workload, 150);
    workload.weight = 100;
    let writer = Writer::spawn(
        store.clone(),
        Box::new(NoPublisher),
        WriterOptions::new(Arc::new(ManualClock::default())),
    )
    .unwrap();
    let hurry = Hurry::begin(writer.clone(), workload);
    hurry.wait_for(1);
    let before = hurry.written();
    let mut copied: Vec<Progress> = Vec::new();
    let made = ops::backup(
        &options(&scratch, method),
        &ManualClock::default(),
        &mut |progress| {
            if progress.stage == Stage::Copying {
                let before = copied.last().map_or(0, |before| before.done);
                let goes_on = method == Method::Vacuum || progress.done > before;
                assert!(goes_on, "the copy was begun again");
                copied.push(progress);
                hurry.wait_for(MEANWHILE);
            }
        },
    );
    let backup = made.unwrap();
    let written_meanwhile = hurry.written() - before;
    let workload = hurry.end();
    writer.shutdown();

    assert!(written_meanwhile >= MEANWHILE, "{written_meanwhile}");
    if method == Method::Online {
        assert_never_begun_again(&copied);
    }
    ops::verify(&backup.folder, &mut |_| {}).unwrap();
    assert_is_a_prefix(&backup, &workload, before);
}

/// Every step copies further pages of the same instant.
fn assert_never_begun_again(copied: &[Progress]) {
    let total = copied[0].total.unwrap();
    assert!(copied.len() > 3, "several steps: {copied:?}");
    assert_eq!(
        copied.len() as u64,
        total.div_ceil(1024),
        "no page was copied twice"
    );
    assert!(copied.iter().all(|progress| progress.total == Some(total)));
    assert_eq!(copied.last().unwrap().done, total);
}

/// The restored runs hold what was acknowledged before the backup began, and from then on a prefix of the rest.
fn assert_is_a_prefix(backup: &ops::CreatedBackup, workload: &Workload, before: u64) {
    let place = ScratchDb::new();
    restore(backup, place.path(), false).unwrap();
    let store: SqliteStore = place.open();
    let reader = store.reader().unwrap();
    let mut restored = 0;
    for run in RUNS.map(RunId::from) {
        let events = reader.events(&run, None, 1_000_000).unwrap();
        let told: Vec<_> = workload
            .acknowledged
            .iter()
            .filter(|event| event.run_id == run)
            .take(events.len())
            .cloned()
            .collect();
        assert_eq!(
            events, told,
            "the log of {run} is the one that was told, without a hole"
        );
        restored += events.len() as u64;
    }
    assert!(restored >= 150 + before, "{restored} of {before}");
    assert!(restored < workload.acknowledged.len() as u64);
}

#[test]
fn an_online_backup_during_a_thousand_writes_a_second_is_of_one_instant() {
    backup_while_somebody_writes(Method::Online);
}

#[test]
fn a_vacuum_backup_during_a_thousand_writes_a_second_is_of_one_instant() {
    backup_while_somebody_writes(Method::Vacuum);
}
