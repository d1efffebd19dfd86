//! The session of a Rust workflow: remembers rows, keeps the callbacks of the newest frame.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::Build;
use super::ui::{Callback, Ui};
use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::output::OutputRow;
use crate::tree::Tree;
use crate::workflow::{BoxFuture, CallError, RenderInput, TaskCall, WorkflowSession};
use crate::{Iteration, NodeKey, RunId};

/// What a frame is built from.
#[derive(Debug, Default)]
pub struct Context {
    run_id: Option<RunId>,
    input: Value,
    passes: BTreeMap<String, Iteration>,
    rows: HashMap<NodeKey, Arc<OutputRow>>,
}

impl Context {
    /// The input of the run.
    pub fn input(&self) -> &Value {
        &self.input
    }

    /// The id of the run; none before the first frame.
    pub fn run_id(&self) -> Option<&RunId> {
        self.run_id.as_ref()
    }

    /// The output of node `node_id` in iteration 0, once it has one.
    pub fn row(&self, node_id: &str) -> Option<Value> {
        self.row_in(&NodeKey::new(node_id, 0))
    }

    /// The output of a node in one pass, once it has one.
    pub fn row_in(&self, node: &NodeKey) -> Option<Value> {
        self.rows.get(node).map(|row| row.payload.value())
    }

    /// The pass that a loop is in, from 0.
    pub fn pass(&self, loop_id: &str) -> Iteration {
        self.passes.get(loop_id).copied().unwrap_or_default()
    }
}

pub(super) struct Session {
    build: Arc<Build>,
    context: Context,
    callbacks: Vec<Callback>,
}

impl Session {
    pub(super) fn new(build: Arc<Build>) -> Self {
        Self {
            build,
            context: Context::default(),
            callbacks: Vec::new(),
        }
    }

    fn frame(&mut self, input: RenderInput) -> Tree {
        self.context.run_id = Some(input.run_id);
        self.context.input = input.input.value();
        self.context.passes = input.iterations;
        for row in input.new_rows {
            self.context.rows.insert(row.node.clone(), row);
        }
        let mut ui = Ui::default();
        (self.build)(&self.context, &mut ui);
        let (tree, callbacks) = ui.finish();
        self.callbacks = callbacks;
        tree
    }
}

impl WorkflowSession for Session {
    fn render(&mut self, input: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>> {
        let tree = self.frame(input);
        Box::pin(async move { Ok(tree) })
    }

    fn call(&mut self, call: TaskCall) -> BoxFuture<Result<RawJson, CallError>> {
        let Some(callback) = self.callbacks.get(call.callback as usize) else {
            let message = format!("the frame has no callback {}", call.callback);
            return Box::pin(async move { Err(CallError::RuntimeLost { message }) });
        };
        let body = callback(call.reporter);
        Box::pin(async move {
            let output = body.await;
            output
                .map(|value| RawJson::of(&value))
                .map_err(|error| CallError::Failed {
                    error,
                    retryable: true,
                })
        })
    }

    fn abort(&mut self, _: &NodeKey, _: u32) {}
}
