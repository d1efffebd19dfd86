//! Parents and children through real actors: results, waits, ends and notices that are lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use smithers_model::approval::OnDeny;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::native::{NativeWorkflow, Ui};
use smithers_model::run::RunStatus;
use smithers_model::step::{ChildTie, RowChange, RunUpdate};
use smithers_model::workflow::{BoxFuture, Workflow, WorkflowDefinition, WorkflowSession};
use smithers_model::{NodeKey, RawJson, RunId};
use smithers_store::testkit::{RunScript, commit_all, output};
use smithers_store::{Backend, MemoryStore};

use crate::run::Retry;
use crate::testing::{Bench, decision, launch, somebody, workflow};

const CHILD: &str = "r1:child:sub:0";

/// A module of a parent and its child.
fn module(child: impl Fn(&mut Ui) + Send + Sync + 'static) -> Vec<NativeWorkflow> {
    let parent = workflow("parent", |ui| {
        ui.task("sub").subflow(1, &json!({}));
        ui.task("after").value(&json!({"ok": true, "n": 2}));
    });
    NativeWorkflow::module(vec![parent, workflow("child", child)])
}

fn asking() -> Vec<NativeWorkflow> {
    module(|ui| {
        ui.task("gate")
            .output("decision")
            .approval("Ship it?", OnDeny::Fail);
        ui.task("work").value(&json!({"ok": true, "n": 1}));
    })
}

fn failing(ui: &mut Ui) {
    let boom = || -> BoxFuture<_> { Box::pin(async { Err(ErrorInfo::thrown("Error", "boom")) }) };
    ui.task("work").compute(boom);
}

fn endless(ui: &mut Ui) {
    ui.task("work").compute(|| Box::pin(std::future::pending()));
}

/// A parent and a child that waits for an approval, with nothing in memory.
async fn both_parked(store: &MemoryStore) -> Bench {
    let bench = Bench::start(store.clone(), asking());
    bench.runs.launch(launch("parent", "r1")).await.unwrap();
    bench.wait_for(CHILD, RunStatus::WaitingApproval).await;
    bench.wait_for("r1", RunStatus::WaitingApproval).await;
    bench.wait_until_closed().await;
    bench
}

/// Takes a gateway down.
fn stop(bench: Bench) {
    bench.runs.stop();
    bench.writer.shutdown();
}

/// Goes on with the log of a stored run.
fn script_of(store: &MemoryStore, run_id: &str) -> RunScript {
    let row = store.reader().unwrap().run(&run_id.into()).unwrap();
    let row = row.expect("the run exists");
    let mut script = RunScript::new(run_id);
    (script.seq, script.stream_seq) = (row.next_seq, row.next_stream_seq);
    script.epoch = row.epoch;
    script
}

fn ends(script: &RunScript, status: RunStatus) -> RowChange {
    RowChange::UpdateRun(RunUpdate {
        status: Some(status),
        finished_at: Some(script.now),
        ..RunUpdate::default()
    })
}

#[actix::test]
async fn the_row_of_a_child_is_the_output_of_its_task() {
    let child = |ui: &mut Ui| ui.task("work").value(&json!({"ok": true, "n": 7}));
    let bench = Bench::start(MemoryStore::default(), module(child));
    bench.runs.launch(launch("parent", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    let reader = bench.store.reader().unwrap();
    let rows = reader.outputs(&"r1".into()).unwrap();
    assert_eq!(rows[0].payload.value(), json!({"ok": true, "n": 7}));
    let child = reader.run(&CHILD.into()).unwrap().unwrap();
    assert_eq!(child.parent, Some(RunId::from("r1")));
    assert_eq!(child.workflow_key.as_str(), "parent");
    assert_eq!(child.workflow_name, "child");
    assert_eq!(reader.ended_children(None, 9).unwrap(), []);
    bench.wait_until_closed().await;
}

#[actix::test]
async fn a_failed_child_fails_its_task_with_its_own_error_as_the_cause() {
    let bench = Bench::start(MemoryStore::default(), module(failing));
    bench.runs.launch(launch("parent", "r1")).await.unwrap();
    let row = bench.wait_for("r1", RunStatus::Failed).await;
    let error = row.error.unwrap();
    let failure = error.cause.unwrap();
    assert_eq!(failure.code.as_deref(), Some("WORKFLOW_EXECUTION_FAILED"));
    assert!(failure.message.contains(CHILD), "{}", failure.message);
    let cause = failure.cause.unwrap().cause.unwrap();
    assert_eq!(cause.message, "boom");
}

#[actix::test]
async fn a_parent_whose_child_waits_holds_no_memory_and_goes_on_after_the_decision() {
    let bench = both_parked(&MemoryStore::default()).await;
    bench
        .runs
        .decide(
            &CHILD.into(),
            NodeKey::new("gate", 0),
            decision(true),
            somebody(),
        )
        .await
        .unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    let story = bench.story("r1");
    assert_eq!(story.matches("NodeStarted sub").count(), 1, "{story}");
}

#[actix::test]
async fn a_cancelled_parent_ends_a_child_that_waits_and_one_that_works() {
    let waiting = both_parked(&MemoryStore::default()).await;
    let working = Bench::start(MemoryStore::default(), module(endless));
    working.runs.launch(launch("parent", "r1")).await.unwrap();
    working.wait_for(CHILD, RunStatus::Running).await;
    for bench in [waiting, working] {
        bench.runs.cancel(&"r1".into(), somebody()).await.unwrap();
        bench.wait_for("r1", RunStatus::Cancelled).await;
        bench.wait_for(CHILD, RunStatus::Cancelled).await;
        bench.wait_until_closed().await;
    }
}

#[actix::test]
async fn a_retry_lets_the_failed_child_go_on_and_does_nothing_twice() {
    let fails_left = Arc::new(AtomicUsize::new(2));
    let parent = workflow("parent", |ui| {
        ui.task("sub")
            .retries(2, Duration::from_millis(1))
            .subflow(1, &json!({}));
    });
    let child = workflow("child", move |ui| {
        ui.task("first")
            .output("decision")
            .value(&json!({"approved": true}));
        let fails_left = fails_left.clone();
        ui.task("work").depends_on(&["first"]).compute(move || {
            let fails = fails_left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
                .is_ok();
            Box::pin(async move {
                match fails {
                    true => Err(ErrorInfo::thrown("Error", "boom")),
                    false => Ok(json!({"ok": true, "n": 1})),
                }
            })
        });
    });
    let module = NativeWorkflow::module(vec![parent, child]);
    let bench = Bench::start(MemoryStore::default(), module);
    bench.runs.launch(launch("parent", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    assert!(bench.story("r1").contains("NodeStarted sub #3"));
    let story = bench.story(CHILD);
    assert_eq!(story.matches("NodeStarted first").count(), 1, "{story}");
    assert_eq!(story.matches("RunFailed").count(), 2, "{story}");
}

#[actix::test]
async fn a_child_that_was_denied_is_not_tried_again() {
    let parent = workflow("parent", |ui| {
        ui.task("sub")
            .retries(2, Duration::from_millis(1))
            .subflow(1, &json!({}));
    });
    let child = workflow("child", |ui| {
        ui.task("gate")
            .output("decision")
            .approval("Ship it?", OnDeny::Fail);
    });
    let module = NativeWorkflow::module(vec![parent, child]);
    let bench = Bench::start(MemoryStore::default(), module);
    bench.runs.launch(launch("parent", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::WaitingApproval).await;
    let gate = NodeKey::new("gate", 0);
    let child = CHILD.into();
    let decided = bench.runs.decide(&child, gate, decision(false), somebody());
    decided.await.unwrap();
    bench.wait_for("r1", RunStatus::Failed).await;
    assert!(!bench.story("r1").contains("NodeRetrying"));
}

#[actix::test]
async fn a_task_that_is_done_again_has_its_child_done_again_from_the_start() {
    let child = |ui: &mut Ui| ui.task("work").value(&json!({"ok": true, "n": 7}));
    let bench = Bench::start(MemoryStore::default(), module(child));
    bench.runs.launch(launch("parent", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Finished).await;
    bench.wait_until_closed().await;
    let retry = Retry {
        node: NodeKey::new("sub", 0),
        dependents: true,
        accept_change: false,
        actor: somebody(),
    };
    bench.runs.retry_task(&"r1".into(), retry).await.unwrap();
    let twice = |run: &str| bench.story(run).matches("RunFinished").count() == 2;
    bench.wait("r1", |_| twice("r1")).await;
    let story = bench.story(CHILD);
    assert!(twice(CHILD), "{story}");
    assert!(story.contains("NodeStarted work #2"), "{story}");
}

#[actix::test]
async fn a_cancelled_child_fails_its_task() {
    let bench = both_parked(&MemoryStore::default()).await;
    bench.runs.cancel(&CHILD.into(), somebody()).await.unwrap();
    let row = bench.wait_for("r1", RunStatus::Failed).await;
    let failure = row.error.unwrap().cause.unwrap();
    assert!(
        failure.message.ends_with("was cancelled"),
        "{}",
        failure.message
    );
}

#[actix::test]
async fn workflows_that_run_themselves_without_end_fail() {
    let endless = workflow("parent", |ui| ui.task("sub").subflow(0, &json!({})));
    let bench = Bench::start(
        MemoryStore::default(),
        NativeWorkflow::module(vec![endless]),
    );
    bench.runs.launch(launch("parent", "r1")).await.unwrap();
    bench.wait_for("r1", RunStatus::Failed).await;
    bench.wait_until_closed().await;
}

/// A module whose child is never let in: its input is being checked for ever.
struct Doorless(NativeWorkflow);

impl Workflow for Doorless {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        self.0.definition()
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        self.0.check_input(input)
    }

    fn part(&self, _: u32) -> Option<Arc<dyn Workflow>> {
        struct Door(NativeWorkflow);
        impl Workflow for Door {
            fn definition(&self) -> &Arc<WorkflowDefinition> {
                self.0.definition()
            }
            fn check_input(&self, _: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
                Box::pin(std::future::pending())
            }
            fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
                self.0.open(run_id)
            }
        }
        Some(Arc::new(Door(workflow("child", |_| {}))))
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        self.0.open(run_id)
    }
}

#[actix::test]
async fn a_child_that_a_crash_kept_from_starting_is_started_under_its_id() {
    let store = MemoryStore::default();
    let doorless = Doorless(asking().swap_remove(0));
    let first = Bench::of(store.clone(), vec![Arc::new(doorless)]);
    first.runs.launch(launch("parent", "r1")).await.unwrap();
    let begun = || first.story("r1").contains("NodeStarted sub #1");
    first.wait("r1", |_| begun()).await;
    stop(first);
    let second = Bench::start(
        store,
        module(|ui| ui.task("work").value(&json!({"ok": true, "n": 1}))),
    );
    second.wait_for("r1", RunStatus::Finished).await;
    second.wait_for(CHILD, RunStatus::Finished).await;
    let story = second.story("r1");
    assert_eq!(story.matches("NodeStarted sub").count(), 1, "{story}");
}

#[actix::test]
async fn a_child_that_was_started_before_a_crash_is_found_and_not_started_again() {
    let store = MemoryStore::default();
    let first = Bench::start(store.clone(), module(endless));
    first.runs.launch(launch("parent", "r1")).await.unwrap();
    first.wait_for(CHILD, RunStatus::Running).await;
    stop(first);
    let second = Bench::start(
        store,
        module(|ui| ui.task("work").value(&json!({"ok": true, "n": 1}))),
    );
    second.wait_for("r1", RunStatus::Finished).await;
    let story = second.story(CHILD);
    assert_eq!(story.matches("RunFinished").count(), 1, "{story}");
}

#[actix::test]
async fn the_end_of_a_child_is_noticed_when_its_notice_was_lost_with_the_process() {
    let store = MemoryStore::default();
    stop(both_parked(&store).await);
    let mut child = script_of(&store, CHILD);
    let row = output("output", "work", &json!({"ok": true, "n": 9}));
    let end = ends(&child, RunStatus::Finished);
    let finished = Event::RunFinished {
        failed_child_keys: vec![],
    };
    commit_all(&store, [child.step(vec![finished], vec![row, end])]);
    let bench = Bench::start(store, asking());
    bench.wait_for("r1", RunStatus::Finished).await;
    let rows = bench.store.reader().unwrap().outputs(&"r1".into()).unwrap();
    assert_eq!(rows[0].payload.value(), json!({"ok": true, "n": 9}));
}

#[actix::test]
async fn a_child_is_ended_when_the_end_of_its_parent_was_its_last_act() {
    let store = MemoryStore::default();
    stop(both_parked(&store).await);
    let mut parent = script_of(&store, "r1");
    let let_go = RowChange::LetChildGo {
        child: CHILD.into(),
        tie: ChildTie::Unwanted,
    };
    let end = ends(&parent, RunStatus::Cancelled);
    commit_all(
        &store,
        [parent.step(vec![Event::RunCancelled], vec![let_go, end])],
    );
    let bench = Bench::start(store, asking());
    bench.wait_for(CHILD, RunStatus::Cancelled).await;
}
