//! Schedules against a real writer and real runs, on a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use smithers_model::audit::kind;
use smithers_model::error::ErrorInfo;
use smithers_model::native::NativeWorkflow;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::schedule::{
    CatchUp, Overlap, Schedule, ScheduleChange, ScheduleOrder, SchedulePlan,
};
use smithers_model::time::Clock;
use smithers_model::workflow::{BoxFuture, Workflow, WorkflowDefinition, WorkflowSession};
use smithers_model::{RawJson, RunId, Timestamp};
use smithers_store::read::RunFilter;
use smithers_store::{Backend, MemoryStore};

use super::Keeper;
use crate::catalogue::Catalogue;
use crate::launcher::Launcher;
use crate::scheduler::Nudge;
use crate::testing::{Bench, chain, gated, workflow};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Longest that a test waits for a state.
const PATIENCE: Duration = Duration::from_secs(10);

/// A clock that stands until it is set.
#[derive(Clone)]
struct SetClock(Arc<AtomicI64>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A workflow that refuses every input.
struct Picky(NativeWorkflow);

impl Workflow for Picky {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        self.0.definition()
    }

    fn check_input(&self, _: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        Box::pin(async { Err(ErrorInfo::coded("INVALID_INPUT", "n is missing")) })
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        self.0.open(run_id)
    }
}

struct Stage {
    bench: Bench,
    clock: SetClock,
    keeper: Keeper,
}

impl Stage {
    /// A gateway whose clock shows minute `now`, over `store`; nobody looks at schedules yet.
    fn start(store: MemoryStore, now: i64) -> Self {
        let clock = SetClock(Arc::new(AtomicI64::new(now * MINUTE)));
        let workflows = || -> Vec<Arc<dyn Workflow>> {
            vec![
                Arc::new(chain(1)),
                Arc::new(gated()),
                Arc::new(Picky(workflow("picky", |_| {}))),
            ]
        };
        let bench = Bench::on(store, workflows(), Arc::new(clock.clone()));
        let mut catalogue = Catalogue::default();
        for workflow in workflows() {
            catalogue.insert(workflow);
        }
        let launcher = Launcher {
            runs: bench.runs.clone(),
            backend: Arc::new(bench.store.clone()),
            catalogue: Arc::new(catalogue),
            clock: Arc::new(clock.clone()),
            root_dir: ".".into(),
        };
        let keeper = Keeper {
            launcher,
            writer: bench.writer.clone(),
            bell: Nudge::default(),
        };
        Self {
            bench,
            clock,
            keeper,
        }
    }

    /// Stores a schedule of every minute whose next firing is at minute `next`.
    fn put(&self, workflow: &str, next: i64, change: impl FnOnce(&mut Schedule)) {
        let plan = SchedulePlan {
            pattern: "* * * * *".into(),
            time_zone: Some("UTC".into()),
            overlap: Overlap::Allow,
            catch_up: CatchUp::One,
        };
        let (now, first) = (Timestamp(0), Timestamp(next * MINUTE));
        let mut schedule = Schedule::new("s".into(), workflow.into(), plan, now, first);
        change(&mut schedule);
        let order = ScheduleOrder {
            change: ScheduleChange::Put(Box::new(schedule)),
            audit: None,
        };
        assert!(self.bench.writer.change_schedule(order).unwrap());
    }

    /// Sets the clock to minute `now`.
    fn set(&self, now: i64) {
        self.clock.0.store(now * MINUTE, Ordering::SeqCst);
        self.keeper.changed();
    }

    fn schedule(&self) -> Schedule {
        let reader = self.bench.store.reader().unwrap();
        reader.schedule(&"s".into()).unwrap().unwrap()
    }

    fn runs(&self) -> Vec<RunRow> {
        let filter = RunFilter {
            include_system: true,
            limit: 1000,
            ..RunFilter::default()
        };
        self.bench.store.reader().unwrap().runs(&filter).unwrap()
    }

    /// Waits until the schedule waits for minute `next`.
    async fn wait_until_next_is(&self, next: i64) -> Schedule {
        self.wait(|schedule| schedule.next_run_at == Some(Timestamp(next * MINUTE)))
            .await
    }

    async fn wait(&self, wanted: impl Fn(&Schedule) -> bool) -> Schedule {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let schedule = self.schedule();
            if wanted(&schedule) {
                return schedule;
            }
            assert!(Instant::now() < deadline, "the schedule is {schedule:?}");
            actix_rt::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[actix::test]
async fn a_schedule_launches_its_workflow_when_its_time_comes_and_not_before() {
    let stage = Stage::start(MemoryStore::default(), 9);
    stage.put("chain", 10, |_| {});
    let looking = stage.keeper.clone().spawn();
    stage.set(9);
    stage.set(10);
    let fired = stage.wait_until_next_is(11).await;
    looking.abort();
    let runs = stage.runs();
    assert_eq!(runs.len(), 1);
    assert_eq!(fired.last_run_id.as_ref(), Some(&runs[0].run_id));
    assert_eq!(fired.last_run_at, Some(Timestamp(10 * MINUTE)));
    let run_id = runs[0].run_id.as_str();
    stage.bench.wait_for(run_id, RunStatus::Finished).await;
    let first = stage.bench.events(run_id).remove(0);
    assert_eq!(
        (first.type_name.as_str(), first.stream_seq),
        ("CronTriggered", Some(1))
    );
    let config = runs[0].config.value();
    assert_eq!(config["gatewayTriggeredBy"], "cron:gateway");
    assert_eq!(config["auth"]["role"], "system");
}

#[actix::test]
async fn after_a_day_of_downtime_one_run_stands_for_all_that_was_missed() {
    let store = MemoryStore::default();
    let before = Stage::start(store.clone(), 9);
    before.put("chain", 10, |_| {});
    drop(before);
    let after = Stage::start(store, 10 + DAY / MINUTE);
    let looking = after.keeper.clone().spawn();
    after.wait_until_next_is(11 + DAY / MINUTE).await;
    looking.abort();
    assert_eq!(after.runs().len(), 1);
}

#[actix::test]
async fn each_missed_firing_has_its_run_where_that_is_wanted() {
    let stage = Stage::start(MemoryStore::default(), 15);
    stage.put("chain", 10, |schedule| {
        schedule.plan.catch_up = CatchUp::All
    });
    let looking = stage.keeper.clone().spawn();
    stage.wait_until_next_is(16).await;
    looking.abort();
    assert_eq!(stage.runs().len(), 6);
}

#[actix::test]
async fn no_missed_firing_has_a_run_where_none_is_wanted_and_the_trail_says_so() {
    let stage = Stage::start(MemoryStore::default(), 200);
    stage.put("chain", 60, |schedule| {
        schedule.plan.catch_up = CatchUp::None;
        schedule.plan.pattern = "0 * * * *".into();
    });
    let looking = stage.keeper.clone().spawn();
    stage.wait_until_next_is(240).await;
    looking.abort();
    assert_eq!(stage.runs(), []);
    let reader = stage.bench.store.reader().unwrap();
    let audited = reader.newest_audit(kind::CRON, "left-out").unwrap();
    assert_eq!(audited.unwrap().record.detail.value()["reason"], "missed");
}

#[actix::test]
async fn a_firing_is_left_out_while_the_run_before_it_goes_on_where_that_is_wanted() {
    let stage = Stage::start(MemoryStore::default(), 10);
    stage.put("gated", 10, |schedule| {
        schedule.plan.overlap = Overlap::Skip
    });
    let looking = stage.keeper.clone().spawn();
    let first = stage.wait_until_next_is(11).await.last_run_id.unwrap();
    stage
        .bench
        .wait_for(first.as_str(), RunStatus::WaitingApproval)
        .await;
    stage.set(11);
    stage.wait_until_next_is(12).await;
    assert_eq!(stage.runs().len(), 1, "left out");
    let ended = stage.bench.runs.cancel(&first, crate::testing::somebody());
    ended.await.unwrap();
    stage.set(12);
    stage.wait_until_next_is(13).await;
    looking.abort();
    assert_eq!(stage.runs().len(), 2);
}

#[actix::test]
async fn runs_overlap_unless_that_is_forbidden() {
    let stage = Stage::start(MemoryStore::default(), 10);
    stage.put("gated", 10, |_| {});
    let looking = stage.keeper.clone().spawn();
    stage.wait_until_next_is(11).await;
    stage.set(11);
    stage.wait_until_next_is(12).await;
    looking.abort();
    assert_eq!(stage.runs().len(), 2);
}

#[actix::test]
async fn a_firing_that_fails_says_why_and_is_tried_again_a_minute_later() {
    let stage = Stage::start(MemoryStore::default(), 10);
    stage.put("picky", 10, |_| {});
    let looking = stage.keeper.clone().spawn();
    let failed = stage.wait(|schedule| schedule.error.is_some()).await;
    looking.abort();
    assert_eq!(failed.error.unwrap().message, "n is missing");
    assert_eq!(failed.next_run_at, Some(Timestamp(10 * MINUTE)));
    assert_eq!(failed.wake_at, Some(Timestamp(11 * MINUTE)));
    assert_eq!(stage.runs(), []);
}

#[actix::test]
async fn a_workflow_that_is_gone_is_named() {
    let stage = Stage::start(MemoryStore::default(), 10);
    stage.put("gone", 10, |_| {});
    let looking = stage.keeper.clone().spawn();
    let failed = stage.wait(|schedule| schedule.error.is_some()).await;
    looking.abort();
    let message = failed.error.unwrap().message;
    assert_eq!(message, "workflow \"gone\" is not registered");
}

#[actix::test]
async fn two_keepers_fire_once() {
    let stage = Stage::start(MemoryStore::default(), 10);
    stage.put("chain", 10, |_| {});
    let looking = [stage.keeper.clone().spawn(), stage.keeper.clone().spawn()];
    stage.wait_until_next_is(11).await;
    // Both have looked once more when the next firing is made.
    stage.set(11);
    stage.wait_until_next_is(12).await;
    looking.iter().for_each(|looking| looking.abort());
    assert_eq!(stage.runs().len(), 2);
}

#[actix::test]
async fn a_clock_that_is_set_back_doubles_nothing_and_stops_nothing() {
    let stage = Stage::start(MemoryStore::default(), 10);
    stage.put("chain", 10, |_| {});
    let looking = stage.keeper.clone().spawn();
    stage.wait_until_next_is(11).await;
    // By mistake the clock shows a day later for a while.
    stage.set(10 + DAY / MINUTE);
    stage.wait_until_next_is(11 + DAY / MINUTE).await;
    assert_eq!(stage.runs().len(), 2);
    stage.set(9);
    stage.wait_until_next_is(10).await;
    // The firing of minute 10 was made before.
    stage.set(10);
    stage.wait_until_next_is(11).await;
    looking.abort();
    assert_eq!(stage.runs().len(), 2);
}
