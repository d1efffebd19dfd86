//! Requests to a run that does not come to handle them: how many wait, and what becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use smithers_model::error::ErrorInfo;
use smithers_model::native::NativeWorkflow;
use smithers_model::tree::Tree;
use smithers_model::workflow::{
    BoxFuture, CallError, RenderInput, TaskCall, Workflow, WorkflowDefinition, WorkflowSession,
};
use smithers_model::{NodeKey, RawJson, RunId};
use smithers_store::MemoryStore;

use super::{RunError, WAITING};
use crate::testing::{Bench, launch, somebody, workflow};

/// A workflow whose frames never come.
struct Endless {
    inner: NativeWorkflow,
    opened: Arc<AtomicUsize>,
}

struct EndlessSession;

impl Workflow for Endless {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        self.inner.definition()
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        self.inner.check_input(input)
    }

    fn open(&self, _: &RunId) -> Box<dyn WorkflowSession> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Box::new(EndlessSession)
    }
}

impl WorkflowSession for EndlessSession {
    fn render(&mut self, _: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>> {
        Box::pin(std::future::pending())
    }

    fn call(&mut self, _: TaskCall) -> BoxFuture<Result<RawJson, CallError>> {
        Box::pin(std::future::pending())
    }

    fn abort(&mut self, _: &NodeKey, _: u32) {}
}

/// A run whose frame does not come, and how often a session of it was opened.
async fn endless() -> (Bench, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let endless = Endless {
        inner: workflow("endless", |_| {}),
        opened: opened.clone(),
    };
    let bench = Bench::of(MemoryStore::default(), vec![Arc::new(endless)]);
    bench.runs.launch(launch("endless", "r1")).await.unwrap();
    reaches(&opened, 1).await;
    (bench, opened)
}

async fn reaches(count: &AtomicUsize, wanted: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while count.load(Ordering::SeqCst) < wanted {
        assert!(Instant::now() < deadline, "{count:?} instead of {wanted}");
        actix_rt::time::sleep(Duration::from_millis(2)).await;
    }
}

#[actix::test]
async fn requests_beyond_the_bound_of_one_run_are_told_that_it_is_busy() {
    const MORE: usize = 10;
    let (bench, _) = endless().await;
    let busy = Arc::new(AtomicUsize::new(0));
    for _ in 0..WAITING + MORE {
        let (runs, busy) = (bench.runs.clone(), busy.clone());
        actix_rt::spawn(async move {
            let answer = runs.cancel(&"r1".into(), somebody()).await;
            let told = usize::from(matches!(answer, Err(RunError::Busy(_))));
            busy.fetch_add(told, Ordering::SeqCst);
        });
    }
    reaches(&busy, MORE).await;
    // The recovery sweep at the start of the bench may wait in front of the run as well.
    let told = busy.load(Ordering::SeqCst);
    assert!((MORE..=MORE + 1).contains(&told), "{told} were told");
}

#[actix::test]
async fn a_request_to_go_on_outlives_the_state_in_memory_that_it_waited_for() {
    let (bench, opened) = endless().await;
    let id: RunId = "r1".into();
    let going_on = actix_rt::spawn({
        let (runs, id) = (bench.runs.clone(), id.clone());
        async move { runs.take_up(&id).await }
    });
    let cancel = bench.runs.cancel(&id, somebody());
    let forget = async { bench.runs.forget_all() };
    let (cancelled, ()) = futures_util::join!(cancel, forget);
    assert!(
        matches!(cancelled, Err(RunError::OutcomeUnknown)),
        "{cancelled:?}"
    );
    reaches(&opened, 2).await;
    assert!(!going_on.is_finished(), "the next actor of the run has it");
}
