//! Runs: status, configuration and the row that stands for a run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::audit::Channel;
use crate::continuation::ChainLink;
use crate::error::ErrorInfo;
use crate::json::RawJson;
use crate::node::state_text;
use crate::patch::Decided;
use crate::step::ChildTie;
use crate::workflow::WorkflowDefinition;
use crate::{Epoch, NodeKey, RunId, Timestamp, WorkflowKey};

/// Status of a run row (workflow-model 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Has work to do; the only status that a start of the process resumes by itself.
    Running,
    /// Parked until somebody decides.
    WaitingApproval,
    /// Parked until a signal comes or is late.
    WaitingEvent,
    /// Parked until a point in time.
    WaitingTimer,
    /// Parked until a quota is restored.
    WaitingQuota,
    /// Stopped on request; goes on only when somebody asks.
    Paused,
    /// Ended well.
    Finished,
    /// Ended by an error.
    Failed,
    /// Ended by a request.
    Cancelled,
    /// Ended because another run goes on in its place.
    Continued,
}

state_text!(RunStatus {
    Running => "running",
    WaitingApproval => "waiting-approval",
    WaitingEvent => "waiting-event",
    WaitingTimer => "waiting-timer",
    WaitingQuota => "waiting-quota",
    Paused => "paused",
    Finished => "finished",
    Failed => "failed",
    Cancelled => "cancelled",
    Continued => "continued",
});

impl RunStatus {
    /// Nothing can happen in this run any more.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Finished | Self::Failed | Self::Cancelled | Self::Continued
        )
    }
}

/// Who launched a run from which harness (gateway-protocol 10.1), as the client said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedBy {
    /// At most 64 code points.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub harness: Option<String>,
    /// At most 256 code points.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session_id: Option<String>,
    /// Clipped to 8,192 code points.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prompt: Option<String>,
    /// Always true when present.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detected: Option<bool>,
}

/// Who acts: the identity behind a launch, a decision or a cancel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// User id of the grant.
    pub user_id: Option<String>,
    /// Id of the token, never the token.
    pub token_id: Option<String>,
    /// Role of the grant.
    pub role: String,
    /// Scopes held, expanded by implication and legacy words; custom scopes as written.
    pub scopes: Vec<String>,
    /// The grant is `*` or `admin`: every scope, custom ones included, is held.
    pub holds_all: bool,
    /// Over what the request came.
    #[serde(default)]
    pub channel: Channel,
}

impl Actor {
    /// User id of a run that ends the runs it holds.
    pub const PARENT: &str = "smithers:parent";

    /// The name recorded as `triggeredBy`: the user id, else `gateway`.
    pub fn triggered_by(&self) -> &str {
        self.user_id.as_deref().unwrap_or("gateway")
    }
}

/// Launch configuration of a run; stored as `config_json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    /// Hidden from default listings.
    pub gateway_system: bool,
    /// Key of the workflow.
    pub gateway_workflow_key: WorkflowKey,
    /// User id of the launcher, or `gateway`.
    pub gateway_triggered_by: String,
    /// Cap on tasks in flight; `None` lets the engine choose.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_concurrency: Option<u32>,
    /// Folder of the module.
    pub root_dir: String,
    /// Tasks may use the network.
    pub allow_network: bool,
    /// Bytes of output kept per attempt.
    pub max_output_bytes: u64,
    /// Time limit of one tool call.
    pub tool_timeout_ms: u64,
    /// The run whose input this one has again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rerun_of: Option<RunId>,
    /// What the workflow sees as `ctx.auth`.
    pub auth: RunAuth,
    /// What the client said about itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started_by: Option<StartedBy>,
    /// The task that this run stands for, in a child run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subflow: Option<SubflowOf>,
    /// What was decided about patches that the run has met.
    #[serde(skip_serializing_if = "Decided::is_empty", default)]
    pub patches: Decided,
}

/// What a child run is in its parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubflowOf {
    /// The run that started it.
    pub parent_run_id: RunId,
    /// The task in that run.
    #[serde(flatten)]
    pub node: NodeKey,
    /// Its workflow: position among those of the module.
    pub part: u32,
    /// How many runs are above it, from 1.
    pub depth: u32,
}

impl RunConfig {
    /// Bytes of output kept per attempt unless the launch says otherwise (gateway-protocol 2.1).
    const MAX_OUTPUT_BYTES: u64 = 200_000;
    /// Time limit of one tool call unless the launch says otherwise (gateway-protocol 2.1).
    const TOOL_TIMEOUT_MS: u64 = 60_000;

    /// The configuration of a launch that says nothing more.
    pub fn new(workflow: &WorkflowDefinition, root_dir: &str, auth: RunAuth) -> Self {
        Self {
            gateway_system: workflow.system,
            gateway_workflow_key: workflow.key.clone(),
            gateway_triggered_by: auth.triggered_by.clone(),
            max_concurrency: None,
            root_dir: root_dir.to_owned(),
            allow_network: false,
            max_output_bytes: Self::MAX_OUTPUT_BYTES,
            tool_timeout_ms: Self::TOOL_TIMEOUT_MS,
            rerun_of: None,
            auth,
            started_by: None,
            subflow: None,
            patches: Default::default(),
        }
    }
}

/// The launcher as the workflow sees it (`ctx.auth`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunAuth {
    /// User id or `gateway`.
    pub triggered_by: String,
    /// Scopes as granted.
    pub scopes: Vec<String>,
    /// Role of the grant.
    pub role: String,
    /// Id of the token.
    pub token_id: Option<String>,
    /// When the run was launched.
    pub created_at: String,
}

/// Row of `_smithers_runs`; columns that belong to later work are added with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub run_id: RunId,
    /// The run that started it as a subflow.
    pub parent: Option<RunId>,
    /// How it is tied to that run; the store says it first when the run begins.
    pub tie: Option<ChildTie>,
    /// Its place in a chain of runs that go on for one another; none of the first.
    pub chain: Option<ChainLink>,
    /// Key under which its workflow is registered, for a child run that of its parent.
    pub workflow_key: WorkflowKey,
    /// Name in the tree's root; the key until the first frame names it.
    pub workflow_name: String,
    /// Hash of the module graph that it was launched with, or that it was allowed to go on with since.
    pub workflow_hash: Option<String>,
    /// Its status.
    pub status: RunStatus,
    /// Hidden from default listings.
    pub system: bool,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When its cancellation was asked for.
    pub cancel_requested_at: Option<Timestamp>,
    /// How long what it did may take to be undone when it is cancelled, milliseconds; none when nothing is undone.
    pub undo_within_ms: Option<u64>,
    /// When its pause was asked for; none once it is paused.
    pub pause_requested_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<ErrorInfo>,
    /// Launch configuration, a [`RunConfig`] as JSON.
    pub config: RawJson,
    /// Input as validated by the schema.
    pub input: RawJson,
    /// Process generation that owns it.
    pub epoch: Epoch,
    /// Number of the next stored event, from 0.
    pub next_seq: u64,
    /// Number of the next event visible on the wire, from 1.
    pub next_stream_seq: u64,
    /// Number of the next frame, from 1.
    pub next_frame_no: u64,
}

impl RunRow {
    /// When a run that undoes what it did ends in any case; none of one that does not.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let since = self
            .cancel_requested_at
            .filter(|_| self.finished_at.is_none())?;
        Some(since.plus(Duration::from_millis(self.undo_within_ms?)))
    }

    /// The first run of the chain that this one belongs to: itself, unless it goes on for another.
    pub fn first_of_chain(&self) -> &RunId {
        self.chain.as_ref().map_or(&self.run_id, |link| &link.first)
    }

    /// The run that goes on in place of this one, if one does.
    pub fn next_run_id(&self) -> Option<RunId> {
        let has_next = self.status == RunStatus::Continued;
        has_next.then(|| ChainLink::after(&self.run_id, self.chain.as_ref()).run_id())
    }
}
