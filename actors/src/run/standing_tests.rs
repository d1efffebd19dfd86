//! A run whose session says that its frames stand has the same story as one that is always rendered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

use crate::testing::{Bench, launch, workflow};

/// A workflow that counts its renders and never looks at a row.
struct Counted {
    inner: NativeWorkflow,
    stands: bool,
    renders: Arc<AtomicUsize>,
}

struct CountedSession {
    inner: Box<dyn WorkflowSession>,
    stands: bool,
    renders: Arc<AtomicUsize>,
}

impl Workflow for Counted {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        self.inner.definition()
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        self.inner.check_input(input)
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(CountedSession {
            inner: self.inner.open(run_id),
            stands: self.stands,
            renders: Arc::clone(&self.renders),
        })
    }
}

impl WorkflowSession for CountedSession {
    fn render(&mut self, input: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>> {
        self.renders.fetch_add(1, Ordering::SeqCst);
        self.inner.render(input)
    }

    fn stands(&mut self, _: &RenderInput, calls: bool) -> bool {
        self.stands && !calls && self.renders.load(Ordering::SeqCst) > 0
    }

    fn call(&mut self, call: TaskCall) -> BoxFuture<Result<RawJson, CallError>> {
        self.inner.call(call)
    }

    fn abort(&mut self, node: &NodeKey, attempt: u32) {
        self.inner.abort(node, attempt);
    }
}

/// Runs a chain of a static task, a function and two static ones. Returns its story and how often it was rendered.
async fn played(stands: bool) -> (String, usize) {
    let inner = workflow("w", |ui| {
        ui.sequence(|ui| {
            let row = json!({"ok": true, "n": 1});
            ui.task("a").value(&row);
            let output = row.clone();
            ui.task("b").compute(move || {
                let output = output.clone();
                Box::pin(async move { Ok(output) })
            });
            ui.task("c").value(&row);
            ui.task("d").value(&row);
        });
    });
    let renders = Arc::<AtomicUsize>::default();
    let counted = Counted {
        inner,
        stands,
        renders: Arc::clone(&renders),
    };
    let bench = Bench::of(MemoryStore::default(), vec![Arc::new(counted)]);
    bench.runs.launch(launch("w", "r1")).await.unwrap();
    let row = bench.wait("r1", |row| row.status.is_terminal()).await;
    assert_eq!(row.status, RunStatus::Finished, "{:?}", row.error);
    (bench.story("r1"), renders.load(Ordering::SeqCst))
}

#[actix::test]
async fn frames_that_stand_are_told_as_if_they_had_been_rendered() {
    let (rendered, each) = played(false).await;
    let (stood, few) = played(true).await;
    assert_eq!(rendered, stood);
    // One for each end, the first one, and the stability check; the first and the one before the function remain.
    assert_eq!((each, few), (6, 2));
}
