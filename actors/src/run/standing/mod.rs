//! Tests: a run whose session says that its frames stand is the same run as one that is always rendered.

mod native_tests;
mod script_tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smithers_model::error::ErrorInfo;
use smithers_model::tree::Tree;
use smithers_model::workflow::{
    BoxFuture, CallError, RenderInput, TaskCall, Workflow, WorkflowDefinition, WorkflowSession,
};
use smithers_model::{NodeKey, RawJson, RunId};

/// Which frames stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// None.
    Never,
    /// Those before which no function is called, whatever they read.
    WithoutCalls,
    /// Those of which the session says so.
    AsItSays,
}

/// A workflow that counts its renders, and decides which of its frames stand.
struct Watched {
    inner: Arc<dyn Workflow>,
    standing: Standing,
    renders: Arc<AtomicUsize>,
}

struct WatchedSession {
    inner: Box<dyn WorkflowSession>,
    standing: Standing,
    renders: Arc<AtomicUsize>,
}

impl Watched {
    fn new(inner: Arc<dyn Workflow>, standing: Standing) -> Self {
        Self {
            inner,
            standing,
            renders: Arc::default(),
        }
    }

    /// How often it was rendered.
    fn renders(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.renders)
    }
}

impl Workflow for Watched {
    fn definition(&self) -> &Arc<WorkflowDefinition> {
        self.inner.definition()
    }

    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>> {
        self.inner.check_input(input)
    }

    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession> {
        Box::new(WatchedSession {
            inner: self.inner.open(run_id),
            standing: self.standing,
            renders: Arc::clone(&self.renders),
        })
    }
}

impl WorkflowSession for WatchedSession {
    fn render(&mut self, input: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>> {
        self.renders.fetch_add(1, Ordering::SeqCst);
        self.inner.render(input)
    }

    fn stands(&mut self, input: &RenderInput, calls: bool) -> bool {
        match self.standing {
            Standing::Never => false,
            Standing::WithoutCalls => !calls && self.renders.load(Ordering::SeqCst) > 0,
            Standing::AsItSays => self.inner.stands(input, calls),
        }
    }

    fn call(&mut self, call: TaskCall) -> BoxFuture<Result<RawJson, CallError>> {
        self.inner.call(call)
    }

    fn abort(&mut self, node: &NodeKey, attempt: u32) {
        self.inner.abort(node, attempt);
    }
}
