//! The writer thread: batches, order, faults, shutdown.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::time::{Duration, Instant};

use smithers_model::Timestamp;
use smithers_model::event::Event;
use smithers_store::testkit::{
    Collector, FaultSwitch, FaultyStore, ManualClock, Moment, RunScript, definition, outcome_of,
};
use smithers_store::writer::TaskError;
use smithers_store::{
    Backend, CommittedStep, FaultKind, MemoryStore, Publisher, Refusal, StepOutcome, SubmitError,
    Writer, WriterHandle, WriterOptions, WriterState,
};

const DEADLINE: Duration = Duration::from_secs(30);

struct Bench {
    store: Arc<FaultyStore<MemoryStore>>,
    switch: FaultSwitch,
    published: Collector,
    writer: WriterHandle,
    states: Receiver<(WriterState, u64)>,
}

impl Bench {
    fn new() -> Self {
        Self::with_queue(64)
    }

    fn with_queue(queue_steps: usize) -> Self {
        let store = Arc::new(FaultyStore::new(MemoryStore::default()));
        let published = Collector::default();
        let (tx, states) = channel();
        let options = WriterOptions {
            queue_steps,
            on_state: Some(Box::new(move |state, generation| {
                let _ = tx.send((state.clone(), generation));
            })),
            ..WriterOptions::new(Arc::new(ManualClock::at(Timestamp(42))))
        };
        let writer = Writer::spawn(store.clone(), Box::new(published.clone()), options).unwrap();
        Self {
            switch: store.switch(),
            store,
            published,
            writer,
            states,
        }
    }

    fn exists(&self, id: &str) -> bool {
        self.store
            .reader()
            .unwrap()
            .run(&id.into())
            .unwrap()
            .is_some()
    }
}

fn launch(id: &str) -> smithers_model::step::StepWrite {
    RunScript::new(id).launch()
}

/// Holds the writer thread until the returned end is dropped.
fn hold(writer: &WriterHandle) -> std::sync::mpsc::SyncSender<()> {
    let (release, held) = sync_channel::<()>(0);
    let (entered, inside) = sync_channel(0);
    let writer = writer.clone();
    std::thread::spawn(move || {
        let _ = writer.run(move |_| {
            entered.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        });
    });
    inside.recv_timeout(DEADLINE).unwrap();
    release
}

#[test]
fn what_queues_while_the_writer_is_busy_becomes_one_batch() {
    let bench = Bench::new();
    let release = hold(&bench.writer);
    let (tx, rx) = channel();
    for n in 0..20 {
        let tx = tx.clone();
        let reply = Box::new(move |outcome| tx.send((n, outcome)).unwrap());
        bench
            .writer
            .submit(launch(&format!("r{n}")), reply)
            .unwrap();
    }
    assert_eq!(bench.writer.stats().queue_depth, 20);
    drop(release);
    for n in 0..20 {
        let (index, outcome) = rx.recv_timeout(DEADLINE).unwrap();
        assert_eq!(index, n, "replies come in commit order");
        assert!(matches!(outcome, StepOutcome::Committed(_)));
    }
    let stats = bench.writer.stats();
    assert_eq!(
        (stats.batches, stats.steps, stats.largest_batch),
        (1, 20, 20)
    );
    assert_eq!(stats.queue_depth, 0);
}

#[test]
fn a_batch_is_bounded() {
    let bench = Bench::with_queue(2000);
    let release = hold(&bench.writer);
    let (tx, rx) = channel();
    for n in 0..1200 {
        let tx = tx.clone();
        let reply = Box::new(move |_| tx.send(()).unwrap());
        bench
            .writer
            .submit(launch(&format!("r{n}")), reply)
            .unwrap();
    }
    drop(release);
    for _ in 0..1200 {
        rx.recv_timeout(DEADLINE).unwrap();
    }
    let stats = bench.writer.stats();
    assert_eq!((stats.largest_batch, stats.steps), (512, 1200));
}

#[test]
fn steps_are_published_before_their_replies_and_in_commit_order() {
    let bench = Bench::new();
    let (tx, rx) = channel();
    let mut script = RunScript::new("r");
    let steps = [
        script.launch(),
        script.step(vec![Event::RunCancelled], vec![]),
    ];
    for (n, step) in steps.into_iter().enumerate() {
        let (tx, published) = (tx.clone(), bench.published.clone());
        let reply = Box::new(move |_| tx.send(published.steps().len() > n).unwrap());
        bench.writer.submit(step, reply).unwrap();
    }
    assert!(rx.recv_timeout(DEADLINE).unwrap());
    assert!(rx.recv_timeout(DEADLINE).unwrap());
    let positions: Vec<u64> = bench
        .published
        .steps()
        .iter()
        .flat_map(|step| step.events.iter().map(|event| event.position))
        .collect();
    assert_eq!(positions, [1, 2]);
}

#[test]
fn a_refused_step_is_answered_and_not_published() {
    let bench = Bench::new();
    outcome_of(&bench.writer, launch("r")).unwrap();
    let outcome = outcome_of(&bench.writer, launch("r")).unwrap();
    assert!(matches!(
        outcome,
        StepOutcome::Refused(Refusal::RunExists { .. })
    ));
    assert_eq!(bench.published.steps().len(), 1);
    assert_eq!(bench.writer.stats().refused, 1);
}

#[test]
fn a_full_queue_refuses_at_once() {
    let bench = Bench::with_queue(3);
    let release = hold(&bench.writer);
    for n in 0..3 {
        bench
            .writer
            .submit(launch(&format!("r{n}")), Box::new(|_| {}))
            .unwrap();
    }
    let called = Arc::new(parking_lot::Mutex::new(false));
    let flag = called.clone();
    let reply = Box::new(move |_| *flag.lock() = true);
    assert_eq!(
        bench.writer.submit(launch("late"), reply),
        Err(SubmitError::Busy)
    );
    drop(release);
    bench.writer.shutdown();
    assert!(
        !*called.lock(),
        "a step that was not taken is not answered twice"
    );
    assert!(!bench.exists("late"));
}

#[test]
fn a_fault_is_told_to_everybody_and_recovers_by_itself() {
    for moment in [Moment::Before, Moment::After] {
        let bench = Bench::new();
        let release = hold(&bench.writer);
        let (tx, rx) = channel();
        for n in 0..3 {
            let tx = tx.clone();
            let reply = Box::new(move |outcome| tx.send(outcome).unwrap());
            bench
                .writer
                .submit(launch(&format!("r{n}")), reply)
                .unwrap();
        }
        bench.switch.fail_once(FaultKind::Io, moment);
        drop(release);
        for _ in 0..3 {
            assert_eq!(rx.recv_timeout(DEADLINE).unwrap(), StepOutcome::Unknown);
        }
        let (state, generation) = bench.states.recv_timeout(DEADLINE).unwrap();
        assert!(matches!(
            &state,
            WriterState::Degraded { reason, since: Timestamp(42) } if reason == "the test wanted it"
        ));
        assert_eq!(generation, 1);
        assert_eq!(
            bench.states.recv_timeout(DEADLINE).unwrap(),
            (WriterState::Ready, 2)
        );
        assert_eq!(bench.exists("r0"), moment == Moment::After);
        assert!(
            bench.published.steps().is_empty(),
            "nobody may see an unknown step"
        );
        assert_eq!(bench.published.gaps(), 1, "whoever follows reads it back");
        let outcome = outcome_of(&bench.writer, launch("next")).unwrap();
        assert!(matches!(outcome, StepOutcome::Committed(_)));
        assert_eq!(bench.writer.generation(), 2);
    }
}

#[test]
fn steps_are_refused_at_once_while_the_storage_fails() {
    let bench = Bench::new();
    bench.switch.fail(FaultKind::DiskFull, Moment::Before);
    assert_eq!(
        outcome_of(&bench.writer, launch("r")).unwrap(),
        StepOutcome::Unknown
    );
    bench.states.recv_timeout(DEADLINE).unwrap();
    let started = Instant::now();
    let refused = outcome_of(&bench.writer, launch("s")).unwrap_err();
    assert!(matches!(refused, SubmitError::Degraded { .. }));
    assert!(started.elapsed() < Duration::from_secs(1));
    let task = bench.writer.run(|_| Ok(()));
    assert_eq!(task, Err(TaskError::Degraded));
    bench.switch.heal();
    assert_eq!(
        bench.states.recv_timeout(DEADLINE).unwrap().0,
        WriterState::Ready
    );
    outcome_of(&bench.writer, launch("s")).unwrap();
}

#[test]
fn a_failing_task_degrades_the_writer_too() {
    let bench = Bench::new();
    bench.switch.fail_once(FaultKind::Io, Moment::Before);
    let defined = bench.writer.define_outputs(vec![definition()]);
    assert!(defined.is_err());
    assert!(matches!(
        bench.states.recv_timeout(DEADLINE).unwrap().0,
        WriterState::Degraded { .. }
    ));
    assert_eq!(
        bench.states.recv_timeout(DEADLINE).unwrap().0,
        WriterState::Ready
    );
    bench.writer.define_outputs(vec![definition()]).unwrap();
}

#[test]
fn shutdown_commits_what_was_queued_and_then_refuses() {
    let bench = Bench::new();
    let release = hold(&bench.writer);
    let (tx, rx) = channel();
    for n in 0..5 {
        let tx = tx.clone();
        let reply = Box::new(move |outcome| tx.send(outcome).unwrap());
        bench
            .writer
            .submit(launch(&format!("r{n}")), reply)
            .unwrap();
    }
    let stopper = bench.writer.clone();
    let stopping = std::thread::spawn(move || stopper.shutdown());
    drop(release);
    stopping.join().unwrap();
    for _ in 0..5 {
        let outcome = rx.recv_timeout(DEADLINE).unwrap();
        assert!(matches!(outcome, StepOutcome::Committed(_)));
    }
    assert!(matches!(
        outcome_of(&bench.writer, launch("late")),
        Err(SubmitError::Degraded { .. })
    ));
    bench.writer.shutdown();
}

#[test]
fn shutdown_ends_a_writer_whose_storage_never_comes_back() {
    let bench = Bench::new();
    bench.switch.fail(FaultKind::Io, Moment::Before);
    assert_eq!(
        outcome_of(&bench.writer, launch("r")).unwrap(),
        StepOutcome::Unknown
    );
    bench.writer.shutdown();
}

#[test]
fn replies_and_publishers_that_panic_harm_nobody_else() {
    struct Panicking;
    impl Publisher for Panicking {
        fn publish(&mut self, _: &[Arc<CommittedStep>]) {
            panic!("a defect of the publisher");
        }
    }
    let store = Arc::new(MemoryStore::default());
    let options = WriterOptions::new(Arc::new(ManualClock::default()));
    let writer = Writer::spawn(store, Box::new(Panicking), options).unwrap();
    writer
        .submit(
            launch("r"),
            Box::new(|_| panic!("a defect of the requester")),
        )
        .unwrap();
    let outcome = outcome_of(&writer, launch("s")).unwrap();
    assert!(matches!(outcome, StepOutcome::Committed(_)));
}
