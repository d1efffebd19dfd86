//! A runtime that is lost takes all calls of a run with it; each of them says so in its own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::native::NativeWorkflow;
use smithers_model::run::RunStatus;
use smithers_model::tree::Tree;
use smithers_model::workflow::{
    BoxFuture, CallError, RenderInput, TaskCall, Workflow, WorkflowDefinition, WorkflowSession,
};
use smithers_model::{NodeKey, RawJson, RunId};
use smithers_store::MemoryStore;
use tokio::sync::Semaphore;

use crate::testing::{Bench, launch, workflow};

/// A workflow whose first two calls lose their runtime: one at once, the other while the next session renders.
struct Lossy {
    inner: NativeWorkflow,
    stage: Arc<Stage>,
}

struct Stage {
    sessions: AtomicUsize,
    calls: AtomicUsize,
    /// Open once the second session renders.
    rendering: Semaphore,
    /// Open once the second call has reported its loss.
    reported: Semaphore,
}

struct LossySession {
    inner: Box<dyn WorkflowSession>,
    number: usize,
    stage: Arc<Stage>,
    /// Dropped with the session.
    alive: Arc<()>,
}

impl Workflow for Lossy {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        self.inner.definition()
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        self.inner.check_input(input)
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(LossySession {
            inner: self.inner.open(run_id),
            number: self.stage.sessions.fetch_add(1, Ordering::SeqCst) + 1,
            stage: self.stage.clone(),
            alive: Arc::default(),
        })
    }
}

impl WorkflowSession for LossySession {
    /// A session that is dropped while it renders gives no frame, as in the module host.
    fn render(&mut self, input: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>> {
        let frame = self.inner.render(input);
        let (number, stage, alive) = (self.number, self.stage.clone(), Arc::downgrade(&self.alive));
        Box::pin(async move {
            if number == 2 {
                stage.rendering.add_permits(1);
                let _permit = stage.reported.acquire().await;
                // The report is a message of its own, handled while this frame is still being made.
                actix_rt::time::sleep(Duration::from_millis(20)).await;
            }
            match alive.upgrade() {
                Some(_) => frame.await,
                None => Err(ErrorInfo::coded("INTERNAL_ERROR", "the session is gone")),
            }
        })
    }

    fn call(&mut self, call: TaskCall) -> BoxFuture<Result<RawJson, CallError>> {
        let lost = || CallError::RuntimeLost {
            message: "lost".into(),
        };
        let stage = self.stage.clone();
        match stage.calls.fetch_add(1, Ordering::SeqCst) {
            0 => Box::pin(async move { Err(lost()) }),
            1 => Box::pin(async move {
                let _permit = stage.rendering.acquire().await;
                stage.reported.add_permits(1);
                Err(lost())
            }),
            _ => self.inner.call(call),
        }
    }

    fn abort(&mut self, node: &NodeKey, attempt: u32) {
        self.inner.abort(node, attempt);
    }
}

#[actix::test]
async fn two_calls_that_lose_one_runtime_cost_one_session_and_no_attempt_that_counts() {
    let inner = workflow("lossy", |ui| {
        ui.parallel(0, |ui| {
            for name in ["left", "right"] {
                ui.task(name)
                    .compute(|| Box::pin(async { Ok(json!({"ok": true, "n": 1})) }));
            }
        });
    });
    let stage = Arc::new(Stage {
        sessions: AtomicUsize::new(0),
        calls: AtomicUsize::new(0),
        rendering: Semaphore::new(0),
        reported: Semaphore::new(0),
    });
    let lossy = Lossy {
        inner,
        stage: stage.clone(),
    };
    let bench = Bench::of(MemoryStore::default(), vec![Arc::new(lossy)]);
    bench.runs.launch(launch("lossy", "r1")).await.unwrap();
    let row = bench.wait("r1", |row| row.status.is_terminal()).await;
    assert_eq!(row.status, RunStatus::Finished, "{:?}", row.error);
    assert_eq!(stage.sessions.load(Ordering::SeqCst), 2);
    let story = bench.story("r1");
    assert_eq!(story.matches("NodeFailed").count(), 0, "{story}");
}
