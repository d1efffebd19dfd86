//! A death at any write: what is on the disk at that moment is copied, and opened as the next start would.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use smithers_model::RunId;
use smithers_store::testkit::{
    DiskFault, FaultyDisk, ManualClock, Operation, Place, ScratchDb, definition, outcome_of,
};
use smithers_store::{
    Durability, NoPublisher, SqliteOptions, SqliteStore, StepOutcome, Writer, WriterHandle,
    WriterOptions,
};

use crate::workload::{RUNS, Workload};

const DEADLINE: Duration = Duration::from_secs(30);

/// Copies the database and its log, as they are now, to another folder.
fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            name
        };
        if let Err(error) = std::fs::copy(name(from), name(to)) {
            assert_eq!(
                (suffix, error.kind()),
                ("-wal", std::io::ErrorKind::NotFound)
            );
        }
    }
}

fn writer(options: &SqliteOptions) -> WriterHandle {
    let store = Arc::new(SqliteStore::open(options).unwrap());
    let options = WriterOptions::new(Arc::new(ManualClock::default()));
    let writer = Writer::spawn(store, Box::new(NoPublisher), options).unwrap();
    writer.define_outputs(vec![definition()]).unwrap();
    writer
}

/// Dies at the n-th write; returns false when the workload ended before.
fn die_at_write(nth: u64, durability: Durability) -> bool {
    let (disk, scratch, after) = (FaultyDisk::install(), ScratchDb::new(), ScratchDb::new());
    let writer = writer(&SqliteOptions {
        vfs: Some(disk.vfs()),
        durability,
        ..scratch.options()
    });
    disk.fail(DiskFault {
        operation: Operation::Write,
        place: Place::Anywhere,
        nth,
        full: false,
        lasting: false,
    });
    let mut workload = Workload::new(10);
    for step in 0..12 {
        let run = RunId::from(RUNS[step % RUNS.len()]);
        let (tx, rx) = channel();
        let (from, to) = (scratch.path(), after.path());
        // The reply runs before anything is repaired: this is the moment of death.
        let reply = Box::new(move |outcome| {
            if outcome == StepOutcome::Unknown {
                copy(&from, &to);
            }
            tx.send(outcome).unwrap();
        });
        writer.submit(workload.step(&run), reply).unwrap();
        match rx.recv_timeout(DEADLINE).unwrap() {
            StepOutcome::Committed(step) => workload.committed(&step),
            _ => {
                workload.check(&after.open());
                return true;
            }
        }
    }
    false
}

#[test]
fn a_death_at_any_write_keeps_what_was_acknowledged_and_leaves_steps_whole() {
    let deaths = (1..200)
        .step_by(3)
        .filter(|nth| die_at_write(*nth, Durability::Full));
    assert!(deaths.count() > 24);
}

#[test]
fn the_death_of_the_process_alone_loses_nothing_under_normal_durability() {
    let deaths = (1..200)
        .step_by(17)
        .filter(|nth| die_at_write(*nth, Durability::Normal));
    assert!(deaths.count() > 6);
}

#[test]
fn a_copy_of_the_files_between_two_batches_is_complete() {
    let (scratch, after) = (ScratchDb::new(), ScratchDb::new());
    let writer = writer(&scratch.options());
    let mut workload = Workload::new(100_000);
    for step in 0..60 {
        let run = RunId::from(RUNS[step % RUNS.len()]);
        let StepOutcome::Committed(step) = outcome_of(&writer, workload.step(&run)).unwrap() else {
            panic!("the disk is sound");
        };
        workload.committed(&step);
    }
    let (from, to) = (scratch.path(), after.path());
    writer
        .run(move |_| {
            copy(&from, &to);
            Ok(())
        })
        .unwrap();
    workload.check(&after.open());
}
