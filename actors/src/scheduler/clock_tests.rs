//! Runs while the wall clock is set: nothing is lost, nothing happens twice, and numbers know no time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use smithers_model::Timestamp;
use smithers_model::error::ErrorInfo;
use smithers_model::native::NativeWorkflow;
use smithers_model::run::RunStatus;
use smithers_model::time::Clock;
use smithers_model::workflow::Workflow;
use smithers_store::MemoryStore;

use crate::clock::SystemClock;
use crate::testing::{Bench, chain, launch, workflow};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The clock of the system, and by how much somebody has set it.
#[derive(Clone, Default)]
struct SteppedClock(Arc<AtomicI64>);

impl SteppedClock {
    fn step_to(&self, offset_ms: i64) {
        self.0.store(offset_ms, Ordering::SeqCst);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0.load(Ordering::SeqCst))
    }
}

/// Fails once and goes well an hour later; `ran` counts how often it was tried.
fn patient(ran: Arc<AtomicUsize>) -> NativeWorkflow {
    workflow("patient", move |ui| {
        let ran = ran.clone();
        ui.task("work")
            .retries(3, Duration::from_millis(HOUR_MS as u64))
            .compute(move || {
                let attempt = ran.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    match attempt {
                        0 => Err(ErrorInfo::thrown("Error", "not yet")),
                        _ => Ok(json!({"ok": true, "n": attempt})),
                    }
                })
            });
    })
}

/// Fails twice with hardly a pause: once it has ended, the scheduler has looked at what is due.
fn quick() -> NativeWorkflow {
    workflow("quick", |ui| {
        ui.task("work")
            .retries(1, Duration::from_millis(5))
            .compute(|| Box::pin(async { Err(ErrorInfo::thrown("Error", "never")) }));
    })
}

struct Stage {
    bench: Bench,
    clock: SteppedClock,
    ran: Arc<AtomicUsize>,
    looks: AtomicUsize,
}

impl Stage {
    fn start() -> Self {
        let (clock, ran) = (SteppedClock::default(), Arc::new(AtomicUsize::new(0)));
        let workflows = [patient(ran.clone()), quick(), chain(40)];
        let workflows = workflows
            .into_iter()
            .map(|workflow| Arc::new(workflow) as Arc<dyn Workflow>);
        let store = MemoryStore::default();
        Self {
            bench: Bench::on(store, workflows.collect(), Arc::new(clock.clone())),
            clock,
            ran,
            looks: AtomicUsize::new(0),
        }
    }

    /// Makes the scheduler look at what is due by the clock as it is now.
    async fn look(&self) {
        let run_id = format!("look-{}", self.looks.fetch_add(1, Ordering::SeqCst));
        let launched = self.bench.runs.launch(launch("quick", &run_id)).await;
        launched.unwrap();
        self.bench.wait_for(&run_id, RunStatus::Failed).await;
    }

    /// Waits until the first attempt of run `p` has failed.
    async fn wait_for_backoff(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.bench.story("p").contains("NodeRetrying") {
            assert!(Instant::now() < deadline, "{}", self.bench.story("p"));
            actix_rt::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Fails unless the events of a run are numbered from 0 without a gap, those that clients see from 1.
    fn assert_numbered(&self, run_id: &str) {
        let events = self.bench.events(run_id);
        let seqs = events.iter().map(|event| event.seq);
        assert!(seqs.eq(0..events.len() as u64), "{run_id}");
        let visible: Vec<u64> = events.iter().filter_map(|event| event.stream_seq).collect();
        assert_eq!(
            visible,
            (1..=visible.len() as u64).collect::<Vec<_>>(),
            "{run_id}"
        );
    }
}

#[actix::test]
async fn a_clock_that_is_set_back_puts_a_retry_off_and_neither_loses_nor_repeats_it() {
    let stage = Stage::start();
    stage
        .bench
        .runs
        .launch(launch("patient", "p"))
        .await
        .unwrap();
    stage.wait_for_backoff().await;
    for back in [-HOUR_MS, -DAY_MS, -HOUR_MS / 2] {
        stage.clock.step_to(back);
        stage.look().await;
        assert_eq!(stage.ran.load(Ordering::SeqCst), 1);
    }
    stage.clock.step_to(HOUR_MS + 1_000);
    stage.look().await;
    stage.bench.wait_for("p", RunStatus::Finished).await;
    stage.clock.step_to(-DAY_MS);
    stage.look().await;
    stage.clock.step_to(DAY_MS);
    stage.look().await;
    stage.bench.wait_until_closed().await;
    assert_eq!(
        stage.ran.load(Ordering::SeqCst),
        2,
        "{}",
        stage.bench.story("p")
    );
    stage.assert_numbered("p");
}

#[actix::test]
async fn a_clock_that_is_set_forward_makes_what_is_due_happen_once() {
    let stage = Stage::start();
    stage
        .bench
        .runs
        .launch(launch("patient", "p"))
        .await
        .unwrap();
    stage.wait_for_backoff().await;
    stage.clock.step_to(365 * DAY_MS);
    stage.look().await;
    stage.bench.wait_for("p", RunStatus::Finished).await;
    stage.clock.step_to(0);
    stage.look().await;
    stage.bench.wait_until_closed().await;
    assert_eq!(
        stage.ran.load(Ordering::SeqCst),
        2,
        "{}",
        stage.bench.story("p")
    );
    stage.assert_numbered("p");
}

#[actix::test]
async fn sequence_numbers_have_neither_gap_nor_double_while_the_clock_jumps() {
    let stage = Stage::start();
    let (clock, done) = (stage.clock.clone(), Arc::new(AtomicBool::new(false)));
    let is_done = done.clone();
    let jumping = std::thread::spawn(move || {
        let jumps = [HOUR_MS, -HOUR_MS, 0, -DAY_MS, 30 * DAY_MS, -1, 1];
        for jump in jumps.into_iter().cycle() {
            if is_done.load(Ordering::SeqCst) {
                return;
            }
            clock.step_to(jump);
            std::thread::yield_now();
        }
    });
    let runs: Vec<String> = (0..10).map(|n| format!("r{n}")).collect();
    for run_id in &runs {
        let launched = stage.bench.runs.launch(launch("chain", run_id)).await;
        launched.unwrap();
    }
    for run_id in &runs {
        stage.bench.wait_for(run_id, RunStatus::Finished).await;
        stage.assert_numbered(run_id);
        let finished = stage.bench.story(run_id).matches("NodeFinished").count();
        assert_eq!(finished, 40, "{run_id}");
    }
    done.store(true, Ordering::SeqCst);
    jumping.join().unwrap();
}
