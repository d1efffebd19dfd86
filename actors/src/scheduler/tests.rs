//! The bell wakes the scheduler only for earlier times; runs that stay due are asked less and less often.

use std::time::Duration;

use actix_rt::time::Instant;

use smithers_model::approval::OnDeny;
use smithers_model::error::ErrorInfo;
use smithers_model::native::NativeWorkflow;
use smithers_model::node::AttemptState;
use smithers_model::ownership::{OnExpire, Ownership};
use smithers_model::party::Party;
use smithers_model::run::RunStatus;
use smithers_model::{RunId, Timestamp};
use smithers_store::MemoryStore;
use smithers_store::testkit::{RunScript, attempt, commit_all};

use super::{FIRST_PAUSE, MAX_PAUSE, Nudge, PAGE, Patience, supervise};
use crate::testing::{Bench, launch, workflow};

#[actix::test]
async fn an_earlier_due_time_ends_the_sleep() {
    let nudge = Nudge::default();
    nudge.nudge(Timestamp(50));
    let begin = Instant::now();
    nudge.sleep(Duration::from_secs(30)).await;
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(nudge.take(), Some(Timestamp(50)));
    assert_eq!(nudge.take(), None);
}

#[actix::test]
async fn a_later_due_time_does_not_wake_anybody() {
    let nudge = Nudge::default();
    nudge.nudge(Timestamp(50));
    nudge.sleep(Duration::from_secs(30)).await;
    nudge.nudge(Timestamp(60));
    let begin = Instant::now();
    nudge.sleep(Duration::from_millis(20)).await;
    assert!(begin.elapsed() >= Duration::from_millis(20));
}

#[actix::test]
async fn a_run_that_was_lost_without_a_word_is_taken_up_again_and_others_are_left_alone() {
    let stuck = workflow("stuck", |ui| {
        ui.task("work").compute(|| Box::pin(std::future::pending()));
    });
    let bench = Bench::start(MemoryStore::default(), vec![stuck]);
    for run in ["lost", "fine"] {
        bench.runs.launch(launch("stuck", run)).await.unwrap();
        bench.wait_for(run, RunStatus::Running).await;
    }
    let lost = RunId::from("lost");
    bench.runs.lose(&lost);
    assert!(!bench.runs.is_open(&lost));
    supervise(bench.runs.clone(), std::sync::Arc::new(bench.store.clone())).await;
    assert!(bench.runs.is_open(&lost));
    let starts = |run| bench.story(run).matches("RunStarted").count();
    assert_eq!((starts("lost"), starts("fine")), (2, 1));
}

#[test]
fn a_run_that_stays_due_is_asked_less_and_less_often_and_others_at_once() {
    let mut patience = Patience::default();
    let stuck = || vec![RunId::from("stuck")];
    let mut now = Instant::now();
    let mut pauses = Vec::new();
    for _ in 0..12 {
        assert_eq!(patience.turns(stuck(), now), stuck());
        let pause = patience.until_next_turn(now).unwrap();
        let again = now + pause;
        assert_eq!(
            patience.turns(stuck(), again - Duration::from_millis(1)),
            []
        );
        pauses.push(pause);
        now = again;
    }
    assert_eq!(pauses[..2], [FIRST_PAUSE, FIRST_PAUSE * 2]);
    assert_eq!(pauses[11], MAX_PAUSE);
    let both = vec![RunId::from("stuck"), RunId::from("new")];
    assert_eq!(patience.turns(both, now)[1..], [RunId::from("new")]);
    let new_alone = patience.turns(vec!["stuck".into(), "new".into()], now + FIRST_PAUSE);
    assert_eq!(new_alone, [RunId::from("new")]);
    assert_eq!(patience.turns(vec![], now), []);
    assert_eq!(patience.until_next_turn(now), None);
}

/// A store in which `count` runs of a workflow that nobody knows have been due for long.
fn with_stuck_runs(count: usize) -> MemoryStore {
    let store = MemoryStore::default();
    for n in 0..count {
        let mut stuck = RunScript::new(&format!("stuck-{n}"));
        let failed = attempt("work", 1, AttemptState::Failed, Some(9));
        commit_all(&store, [stuck.launch(), stuck.step(vec![], vec![failed])]);
    }
    store
}

#[actix::test]
async fn runs_that_stay_due_keep_no_other_from_its_time() {
    let flaky = workflow("known", |ui| {
        let delay = Duration::from_millis(50);
        ui.task("work")
            .retries(3, delay)
            .compute(|| Box::pin(async { Err(ErrorInfo::thrown("Error", "not yet")) }));
    });
    let bench = Bench::start(with_stuck_runs(PAGE + 20), vec![flaky]);
    bench.runs.launch(launch("known", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Failed).await;
    assert!(bench.story("r1").contains("NodeStarted work #4"));
}

/// Asks Ann, after `escalate_ms` Bob too, until `expire_ms` are over.
fn owned(escalate_ms: u64, expire_ms: u64) -> NativeWorkflow {
    workflow("owned", move |ui| {
        let party = |id: &str| Some(Party::User(id.into()));
        let ownership = Ownership {
            owner: party("ann"),
            fallback_owner: party("bob"),
            escalate_after_ms: Some(escalate_ms),
            expires_after_ms: Some(expire_ms),
            on_expire: OnExpire::Deny,
            ..Ownership::default()
        };
        ui.task("gate")
            .output("decision")
            .owned(ownership)
            .approval("Ship it?", OnDeny::Fail);
    })
}

const AN_HOUR: u64 = 3_600_000;

#[actix::test]
async fn a_parked_run_is_woken_for_the_escalation_and_the_expiry_of_its_approval() {
    let bench = Bench::start(MemoryStore::default(), vec![owned(20, 60)]);
    bench.runs.launch(launch("owned", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Failed).await;
    bench.wait_until_closed().await;
    let story = bench.story("r1");
    let lapses = "ApprovalEscalated gate\nApprovalExpired gate\nApprovalDenied gate\nRunStarted";
    assert!(story.contains(lapses), "{story}");
}

#[actix::test]
async fn an_escalation_that_became_due_while_nobody_served_is_found_at_the_next_start() {
    let store = MemoryStore::default();
    let first = Bench::start(store.clone(), vec![owned(200, AN_HOUR)]);
    first.runs.launch(launch("owned", "r1")).await.unwrap();
    first.wait_for("r1", RunStatus::WaitingApproval).await;
    first.wait_until_closed().await;
    first.runs.stop();
    first.writer.shutdown();
    let second = Bench::start(store, vec![owned(200, AN_HOUR)]);
    let escalated = |bench: &Bench| bench.story("r1").contains("ApprovalEscalated gate");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !escalated(&second) {
        assert!(Instant::now() < deadline, "{}", second.story("r1"));
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
}
