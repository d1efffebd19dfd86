//! Runs through real actors, a real writer thread and the memory store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use smithers_engine::Refusal;
use smithers_model::NodeKey;
use smithers_model::approval::{ApprovalStatus, OnDeny};
use smithers_model::error::ErrorInfo;
use smithers_model::native::NativeWorkflow;
use smithers_model::run::RunStatus;
use smithers_store::MemoryStore;

use super::RunError;
use crate::testing::{Bench, chain, decision, launch, somebody, workflow};

fn gated() -> NativeWorkflow {
    workflow("gated", |ui| {
        ui.task("gate")
            .output("decision")
            .approval("Ship it?", OnDeny::Fail);
        ui.task("ship").value(&json!({"ok": true, "n": 1}));
    })
}

#[actix::test]
async fn a_chain_of_static_tasks_runs_to_its_end_with_gap_free_numbers() {
    let bench = Bench::start(MemoryStore::default(), vec![chain(150)]);
    bench.runs.launch(launch("chain", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    let events = bench.events("r1");
    assert!(
        events
            .iter()
            .enumerate()
            .all(|(n, event)| event.seq == n as u64)
    );
    let streamed: Vec<_> = events.iter().filter_map(|event| event.stream_seq).collect();
    assert_eq!(streamed, (1..=150 * 3 + 1).collect::<Vec<u64>>());
    bench.wait_until_closed().await;
}

#[actix::test]
async fn a_run_that_waits_holds_no_memory_and_goes_on_after_the_decision() {
    let bench = Bench::start(MemoryStore::default(), vec![gated()]);
    bench.runs.launch(launch("gated", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::WaitingApproval).await;
    bench.wait_until_closed().await;
    let gate = NodeKey::new("gate", 0);
    bench
        .runs
        .decide(&"r1".into(), gate, decision(true), somebody())
        .await
        .unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    let story = bench.story("r1");
    assert_eq!(story.matches("ApprovalGranted").count(), 1, "{story}");
    assert!(
        story.ends_with("NodeStarted ship #1\nNodeFinished ship #1\nRunFinished"),
        "{story}"
    );
}

#[actix::test]
async fn of_two_racing_decisions_one_wins_and_the_other_is_told() {
    let bench = Bench::start(MemoryStore::default(), vec![gated()]);
    bench.runs.launch(launch("gated", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::WaitingApproval).await;
    let (run, gate) = ("r1".into(), NodeKey::new("gate", 0));
    let yes = bench
        .runs
        .decide(&run, gate.clone(), decision(true), somebody());
    let no = bench.runs.decide(&run, gate, decision(false), somebody());
    let (yes, no) = futures_util::join!(yes, no);
    yes.unwrap();
    assert!(
        matches!(
            no,
            Err(RunError::Refused(Refusal::AlreadyDecided {
                status: ApprovalStatus::Approved,
                ..
            }))
        ),
        "{no:?}"
    );
}

#[actix::test]
async fn the_id_of_a_run_is_never_used_again() {
    let bench = Bench::start(MemoryStore::default(), vec![chain(1)]);
    bench.runs.launch(launch("chain", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    bench.wait_until_closed().await;
    let again = bench.runs.launch(launch("chain", "r1")).await;
    assert!(matches!(again, Err(RunError::Exists(_))), "{again:?}");
}

#[actix::test]
async fn a_launch_with_a_known_idempotency_key_answers_the_first_run() {
    let bench = Bench::start(MemoryStore::default(), vec![chain(1)]);
    let mut first = launch("chain", "r1");
    first.idempotency_key = Some("build-7".into());
    let mut second = launch("chain", "r2");
    second.idempotency_key = Some("build-7".into());
    assert_eq!(bench.runs.launch(first).await.unwrap().as_str(), "r1");
    assert_eq!(bench.runs.launch(second).await.unwrap().as_str(), "r1");
}

#[actix::test]
async fn the_launch_of_an_open_run_is_repeated_by_its_key_and_by_nothing_else() {
    let slow = workflow("slow", |ui| {
        ui.task("work").compute(|| Box::pin(std::future::pending()));
    });
    let bench = Bench::start(MemoryStore::default(), vec![slow]);
    let keyed = |key: Option<&str>| {
        let mut again = launch("slow", "r1");
        again.idempotency_key = key.map(str::to_owned);
        bench.runs.launch(again)
    };
    let (first, racing) = futures_util::join!(keyed(Some("build-7")), keyed(Some("build-7")));
    assert_eq!(first.unwrap().as_str(), "r1");
    assert_eq!(racing.unwrap().as_str(), "r1");
    assert_eq!(bench.runs.open_runs(), 1);
    for other in [None, Some("build-8")] {
        let refused = keyed(other).await;
        assert!(
            matches!(refused, Err(RunError::Exists(_))),
            "{other:?}: {refused:?}"
        );
    }
}

#[actix::test]
async fn cancelling_a_parked_run_ends_it_with_an_event() {
    let bench = Bench::start(MemoryStore::default(), vec![gated()]);
    bench.runs.launch(launch("gated", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::WaitingApproval).await;
    bench.runs.cancel(&"r1".into(), somebody()).await.unwrap();
    bench.wait_for("r1", RunStatus::Cancelled).await;
    assert!(
        bench.story("r1").ends_with("RunCancelled"),
        "{}",
        bench.story("r1")
    );
    let again = bench.runs.cancel(&"r1".into(), somebody()).await;
    assert!(
        matches!(again, Err(RunError::Refused(Refusal::AlreadyCancelled))),
        "{again:?}"
    );
}

#[actix::test]
async fn a_request_to_a_run_that_does_not_exist_is_told_so() {
    let bench = Bench::start(MemoryStore::default(), vec![gated()]);
    let cancelled = bench.runs.cancel(&"nope".into(), somebody()).await;
    assert!(
        matches!(cancelled, Err(RunError::NotFound(_))),
        "{cancelled:?}"
    );
    bench.wait_until_closed().await;
}

#[actix::test]
async fn a_launch_behind_a_request_that_finds_nothing_makes_the_run() {
    let bench = Bench::start(MemoryStore::default(), vec![chain(1)]);
    let run = "r1".into();
    let (cancelled, launched, woken) = tokio::join!(
        bench.runs.cancel(&run, somebody()),
        bench.runs.launch(launch("chain", "r1")),
        bench.runs.take_up(&run),
    );
    assert!(
        matches!(cancelled, Err(RunError::NotFound(_))),
        "{cancelled:?}"
    );
    assert_eq!(launched.unwrap(), run);
    woken.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
}

#[actix::test]
async fn a_failing_task_is_tried_again_after_its_delay() {
    let calls = Arc::new(AtomicUsize::new(0));
    let flaky = workflow("flaky", move |ui| {
        let calls = calls.clone();
        ui.task("work")
            .retries(2, Duration::from_millis(30))
            .compute(move || {
                let call = calls.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    match call {
                        0 | 1 => Err(ErrorInfo::thrown("Error", "not yet")),
                        n => Ok(json!({"ok": true, "n": n})),
                    }
                })
            });
    });
    let bench = Bench::start(MemoryStore::default(), vec![flaky]);
    bench.runs.launch(launch("flaky", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    let story = bench.story("r1");
    assert_eq!(story.matches("NodeRetrying").count(), 2, "{story}");
    assert!(story.contains("NodeStarted work #3"), "{story}");
}

#[actix::test]
async fn a_panic_in_one_run_opens_it_again_and_disturbs_no_other() {
    let renders = Arc::new(AtomicUsize::new(0));
    let shaky = workflow("shaky", move |ui| {
        assert!(
            renders.fetch_add(1, Ordering::SeqCst) > 0,
            "the first render panics"
        );
        ui.task("t").value(&json!({"ok": true, "n": 1}));
    });
    let bench = Bench::start(MemoryStore::default(), vec![shaky, chain(20)]);
    bench.runs.launch(launch("shaky", "r1")).await.unwrap();
    for n in 0..20 {
        bench
            .runs
            .launch(launch("chain", &format!("bystander-{n}")))
            .await
            .unwrap();
    }
    bench.wait_for("r1", RunStatus::Finished).await;
    for n in 0..20 {
        bench
            .wait_for(&format!("bystander-{n}"), RunStatus::Finished)
            .await;
    }
}

#[actix::test]
async fn a_run_found_running_in_the_store_is_taken_up_at_start() {
    let store = MemoryStore::default();
    let stuck = || {
        workflow("slow", |ui| {
            ui.task("work").compute(|| Box::pin(std::future::pending()));
            ui.task("after").value(&json!({"ok": true, "n": 1}));
        })
    };
    let first = Bench::start(store.clone(), vec![stuck()]);
    first.runs.launch(launch("slow", "r1")).await.unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while !first.story("r1").contains("NodeStarted work #1") {
        assert!(
            std::time::Instant::now() < deadline,
            "{}",
            first.story("r1")
        );
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
    first.runs.stop();
    first.writer.shutdown();
    let quick = workflow("slow", |ui| {
        ui.task("work")
            .compute(|| Box::pin(async { Ok(json!({"ok": true, "n": 0})) }));
        ui.task("after").value(&json!({"ok": true, "n": 1}));
    });
    let second = Bench::start(store, vec![quick]);
    second.wait_for("r1", RunStatus::Finished).await;
    let story = second.story("r1");
    assert!(
        story.contains("NodeStarted work #2\nNodeFinished work #2"),
        "{story}"
    );
}

#[actix::test]
async fn a_run_whose_workflow_is_gone_can_be_ended_and_nothing_else() {
    let store = MemoryStore::default();
    let first = Bench::start(store.clone(), vec![gated()]);
    first.runs.launch(launch("gated", "r1")).await.unwrap();
    first.wait_for("r1", RunStatus::WaitingApproval).await;
    first.wait_until_closed().await;
    first.writer.shutdown();
    let without = Bench::start(store, vec![chain(1)]);
    let (run, gate) = ("r1".into(), NodeKey::new("gate", 0));
    let decided = without
        .runs
        .decide(&run, gate, decision(true), somebody())
        .await;
    assert!(
        matches!(decided, Err(RunError::WorkflowMissing { .. })),
        "{decided:?}"
    );
    without.runs.cancel(&run, somebody()).await.unwrap();
    without.wait_for("r1", RunStatus::Cancelled).await;
    without.wait_until_closed().await;
    let story = without.story("r1");
    assert!(
        story.ends_with("NodeCancelled gate\nApprovalDenied gate\nRunCancelled"),
        "{story}"
    );
}
