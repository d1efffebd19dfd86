//! The `Workflow` trait: context in, element tree out. The JavaScript host is one implementation,
//! workflows written in Rust are another.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::cache::CacheRequest;
use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::output::{Field, OutputRow, OutputTable};
use crate::patch::Patches;
use crate::report::Reporter;
use crate::schedule::SchedulePlan;
use crate::score::{Judgement, ScoringKey};
use crate::tree::Tree;
use crate::webhook::Webhook;
use crate::{Iteration, NodeId, NodeKey, RunId, WorkflowKey};

/// A boxed future that may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What is known of a workflow once its module is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowDefinition {
    /// Key under which it is registered.
    pub key: WorkflowKey,
    /// Name for people.
    pub readable_name: Option<String>,
    /// Text for people.
    pub description: Option<String>,
    /// Hidden from default listings.
    pub system: bool,
    /// Fields of the input schema; `None` when the module declares none.
    pub input_fields: Option<Vec<Field>>,
    /// Output tables by schema key.
    pub outputs: Vec<Arc<OutputTable>>,
    /// Schema key of the table whose rows are the result of a run.
    pub result_table: Option<String>,
    /// When it is to be launched by itself, as the module asks.
    pub schedule: Option<SchedulePlan>,
    /// What other services may send it, as the module asks.
    pub webhook: Option<Webhook>,
    /// The source it was loaded from.
    pub revision: ModuleRevision,
}

impl WorkflowDefinition {
    /// Returns the table registered under schema key `key`.
    pub fn output_table(&self, key: &str) -> Option<&Arc<OutputTable>> {
        self.outputs.iter().find(|table| table.key == key)
    }

    /// An input to begin with, for people to change: a value for each field that must be there.
    pub fn sample_input(&self) -> Value {
        let fields = self.input_fields.iter().flatten();
        let needed = fields.filter(|field| !field.optional);
        needed
            .map(|field| (field.name.clone(), field.sample()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// The module graph of a loaded workflow, addressed by its hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleRevision {
    /// SHA-256 over all files of the graph, lower-case hex.
    pub hash: String,
    /// Path of the entry file as given; empty for workflows written in Rust.
    pub entry: String,
    /// Every file of the graph: path relative to the entry's folder, and its source.
    pub files: Arc<Vec<(String, String)>>,
}

/// What a frame is rendered from. A session remembers rows it has got, so only new ones are passed.
#[derive(Clone, Debug)]
pub struct RenderInput {
    /// The run.
    pub run_id: RunId,
    /// Input of the run, as validated.
    pub input: RawJson,
    /// `ctx.auth`.
    pub auth: Option<RawJson>,
    /// `ctx.continuation`: what a run is told that goes on for another one.
    pub continuation: Option<RawJson>,
    /// `ctx.iteration`.
    pub iteration: Iteration,
    /// `ctx.iterations`.
    pub iterations: BTreeMap<String, Iteration>,
    /// What is known of patches.
    pub patches: Patches,
    /// Ids of the nodes that are held because a row that they are bound to has changed.
    pub stale: Vec<NodeId>,
    /// Output rows that this session has not been given yet, in completion order.
    pub new_rows: Vec<Arc<OutputRow>>,
}

/// A request to run the body of a compute task.
#[derive(Clone, Debug)]
pub struct TaskCall {
    /// The task.
    pub node: NodeKey,
    /// From 1.
    pub attempt: u32,
    /// Attempts of this task that failed before; those that were cut off do not count.
    pub failures: u32,
    /// Index in the callback table of the newest frame.
    pub callback: u32,
    /// What an earlier attempt told last with a heartbeat.
    pub last_heartbeat: Option<RawJson>,
    /// What the body is given beside its frame: the signal or the answer that its node waited for.
    pub given: Option<RawJson>,
    /// The folder that the task works in; without one, that of its module.
    pub root_dir: Option<String>,
    /// Which of the functions of the task it is.
    pub purpose: CallPurpose,
    /// [`cache_request`](WorkflowSession::cache_request) was asked about it just before.
    pub asked: bool,
    /// How many calls of [`score`](WorkflowSession::score) follow when it ends well: so long its scorers are kept.
    pub scorings: u32,
    /// Takes what the body tells before it ends.
    pub reporter: Reporter,
}

/// What a function of a task is called for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallPurpose {
    /// To do the task.
    #[default]
    Body,
    /// To take back what an attempt has done.
    Revert,
}

/// Why a task's body gave no output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// It threw, or its output does not fit the schema.
    Failed {
        /// What was thrown.
        error: ErrorInfo,
        /// Another attempt may help.
        retryable: bool,
    },
    /// The runtime was lost through somebody else's fault; a new attempt does not count.
    RuntimeLost {
        /// What happened to it.
        message: String,
    },
}

/// A registered workflow.
pub trait Workflow: Send + Sync + 'static {
    /// What is known of it.
    fn definition(&self) -> &Arc<WorkflowDefinition>;

    /// Validates the input of a launch and returns it as it is to be stored (defaults and transforms
    /// applied). The error is `INVALID_INPUT` with the issues in its message.
    fn check_input(&self, input: RawJson) -> BoxFuture<Result<RawJson, ErrorInfo>>;

    /// Returns a workflow of the same module by its position, for the run of a subflow.
    fn part(&self, index: u32) -> Option<Arc<dyn Workflow>> {
        let _ = index;
        None
    }

    /// What is known of the workflows that only subflows run; their output tables are defined with the others.
    fn parts(&self) -> Vec<Arc<WorkflowDefinition>> {
        Vec::new()
    }

    /// Opens a session for one run. Cheap; the first render does the work.
    fn open(&self, run_id: &RunId) -> Box<dyn WorkflowSession>;
}

/// A run's side of a workflow: component state and the callbacks of the newest frame.
/// Dropping it releases both; calls that are under way are abandoned and their results ignored.
pub trait WorkflowSession: Send {
    /// Renders a frame. Callbacks of the frame before it can no longer be dispatched, calls under way go on.
    fn render(&mut self, input: RenderInput) -> BoxFuture<Result<Tree, ErrorInfo>>;

    /// Returns true when a frame rendered from `input` would be the newest one over again: nothing that was read
    /// while it was rendered has changed, and it can depend on nothing else. Then the session has taken the new rows,
    /// and there is no need to render. Callbacks stay those of the newest frame that was rendered.
    ///
    /// With `calls`, callbacks may be called before the next frame, and must see the rows of `input` as if they had
    /// been made from it. Without, they go on to see the rows that they saw.
    ///
    /// A workflow that cannot vouch for all that answers false.
    fn stands(&mut self, input: &RenderInput, calls: bool) -> bool {
        let _ = (input, calls);
        false
    }

    /// Returns what the result of a task of the newest frame depends on, so that one that was kept may stand for it;
    /// none when the task has to run. The [`call`](Self::call) that follows, if one does, runs the body of the frame
    /// that was asked, whatever is rendered in between.
    fn cache_request(
        &mut self,
        call: &TaskCall,
    ) -> BoxFuture<Result<Option<CacheRequest>, CallError>> {
        let _ = call;
        Box::pin(async { Ok(None) })
    }

    /// Runs the body of a compute task of the newest frame; the output has passed the task's schema.
    fn call(&mut self, call: TaskCall) -> BoxFuture<Result<RawJson, CallError>>;

    /// Asks a scorer of a task for what it says of the result of an attempt, whose [`call`](Self::call) by this session
    /// has ended well. The scorers are those of the frame that the attempt was made from.
    fn score(
        &mut self,
        scoring: ScoringKey,
        latency_ms: u64,
    ) -> BoxFuture<Result<Judgement, CallError>> {
        let _ = (scoring, latency_ms);
        let message = "the workflow has no scorers".to_owned();
        Box::pin(async { Err(CallError::RuntimeLost { message }) })
    }

    /// Fires the abort signal of a call under way. Its result will be ignored.
    fn abort(&mut self, node: &NodeKey, attempt: u32);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sample_holds_what_must_be_there_in_the_right_types() {
        let fields = json!([
            { "name": "who", "kind": "string", "shownType": "string", "optional": false, "nullable": false },
            { "name": "how", "kind": "string", "shownType": "string", "optional": false, "nullable": false,
              "enum": ["fast", "safe"] },
            { "name": "count", "kind": "integer", "shownType": "number", "optional": false, "nullable": false },
            { "name": "tags", "kind": "json", "shownType": "array", "optional": false, "nullable": false },
            { "name": "later", "kind": "string", "shownType": "string", "optional": true, "nullable": false },
            { "name": "owner", "kind": "string", "shownType": "string", "optional": false, "nullable": true },
        ]);
        let definition = WorkflowDefinition {
            key: "w".into(),
            readable_name: None,
            description: None,
            system: false,
            input_fields: serde_json::from_value(fields).unwrap(),
            outputs: vec![],
            result_table: None,
            schedule: None,
            webhook: None,
            revision: ModuleRevision::default(),
        };
        let sample = json!({ "who": "who", "how": "fast", "count": 1, "tags": [], "owner": null });
        assert_eq!(definition.sample_input(), sample);
    }
}
