//! Events: what the log of a run records, and which of them the wire shows.

mod meaning;
mod stored;

use serde::{Deserialize, Serialize};

use crate::agent::{AgentEvent, TokenUsage};
use crate::approval::ApprovalRequest;
use crate::error::ErrorInfo;
use crate::frame::Trigger;
use crate::ownership::OnExpire;
use crate::party::Party;
use crate::report::OutputStream;
use crate::run::RunStatus;
use crate::score::ScoreValue;
use crate::signal::SignalAddress;
use crate::wait::TimerType;
use crate::{NodeId, NodeKey, RawJson, RunId, ScheduleId, Timestamp, WorkflowKey};

pub use stored::{NumberedEvent, StoredEvent};

/// Why a node was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelReason {
    /// Its run was cancelled.
    RunCancelled,
    /// Its run failed while it was running.
    RunFailed,
    /// Its run finished without it: no frame mounts it any more.
    Unmounted,
    /// Its run goes on as a new one, without it.
    RunContinued,
    /// What it is part of was stopped by a failure.
    Aborted,
}

/// A record of the log, with the names and fields of workflow-model 11.
///
/// Written, never read back as this type: readers of a log take the fields they know from its JSON, so that
/// they survive events of other versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Event {
    /// The run begins, or goes on after it was parked or cut off.
    RunStarted,
    /// A schedule launched the run.
    CronTriggered {
        /// Which.
        cron_id: ScheduleId,
        /// Key of the workflow.
        workflow: WorkflowKey,
    },
    /// The run was parked.
    RunStatusChanged {
        /// The waiting status.
        status: RunStatus,
    },
    /// The run ended well.
    RunFinished {
        /// Nodes that failed and were allowed to.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        failed_child_keys: Vec<String>,
    },
    /// The run ended by an error.
    RunFailed {
        /// Which.
        error: ErrorInfo,
    },
    /// The run was cancelled.
    RunCancelled,
    /// The run ended; another one goes on in its place.
    RunContinuedAsNew {
        /// Which.
        new_run_id: RunId,
        /// Its pass of the loop around it; 0 without one.
        iteration: u32,
        /// Bytes of the state that was handed over.
        carried_state_size: usize,
        /// How many runs the chain has with the new one.
        ancestry_depth: u64,
    },
    /// A frame was rendered and stored.
    FrameCommitted {
        /// From 1, rising.
        frame_no: u64,
        /// SHA-256 of the frame's tree.
        xml_hash: String,
        /// What led to it.
        #[serde(skip_serializing_if = "Option::is_none")]
        trigger: Option<Trigger>,
    },
    /// The run met a patch; what was decided about it stays.
    WorkflowPatchRecorded {
        /// Which.
        patch_id: String,
        /// Whether the run takes part in it.
        patched: bool,
    },
    /// A node is known.
    NodePending {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
    },
    /// An attempt was dispatched.
    NodeStarted {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// From 1.
        attempt: u32,
        /// The run that it stands for.
        #[serde(skip_serializing_if = "Option::is_none")]
        child_run_id: Option<RunId>,
    },
    /// An attempt wrote something.
    NodeOutput {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// What; pieces of one stream joined in order give what was written.
        text: String,
        /// Where to.
        stream: OutputStream,
        /// The text is not of the task: it says that what follows was not kept.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    /// An attempt showed that it is alive.
    TaskHeartbeat {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// It told something for the next attempt.
        has_data: bool,
        /// Bytes of that.
        data_size_bytes: u64,
        /// Since the one before, when there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        interval_ms: Option<i64>,
    },
    /// An attempt was given up because it showed no sign of life.
    TaskHeartbeatTimeout {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// When it showed the last one, or was dispatched.
        last_heartbeat_at_ms: Timestamp,
        /// How long it may be silent.
        timeout_ms: u64,
    },
    /// An agent told what it does.
    AgentEvent {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        #[serde(flatten)]
        /// What.
        told: AgentEvent,
    },
    /// A call of an agent has used tokens.
    TokenUsageReported {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        #[serde(flatten)]
        /// How many.
        usage: TokenUsage,
    },
    /// An attempt gave its result.
    NodeFinished {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
    },
    /// An attempt failed.
    NodeFailed {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// Why.
        error: ErrorInfo,
    },
    /// Another attempt will be made.
    NodeRetrying {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// The coming attempt.
        attempt: u32,
    },
    /// The node was left out.
    NodeSkipped {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
    },
    /// The node was ended from outside.
    NodeCancelled {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// The attempt that was cut off.
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
        /// By what.
        reason: CancelReason,
    },
    /// The node waits for a decision.
    NodeWaitingApproval {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
    },
    /// The node waits for a point in time.
    NodeWaitingTimer {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// When it goes on.
        fires_at_ms: Timestamp,
    },
    /// A timer runs.
    TimerCreated {
        /// Its node's id.
        timer_id: NodeId,
        /// When it fires.
        fires_at_ms: Timestamp,
        /// How its time was given.
        timer_type: TimerType,
    },
    /// A timer fired.
    TimerFired {
        /// Its node's id.
        timer_id: NodeId,
        /// When it was to fire.
        fires_at_ms: Timestamp,
        /// When it did.
        fired_at_ms: Timestamp,
        /// The difference.
        delay_ms: i64,
    },
    /// A timer ended with its run.
    TimerCancelled {
        /// Its node's id.
        timer_id: NodeId,
    },
    /// The node waits for a signal.
    NodeWaitingEvent {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        #[serde(flatten)]
        /// Which signal.
        address: SignalAddress,
        /// When it waits no more.
        #[serde(skip_serializing_if = "Option::is_none")]
        times_out_at_ms: Option<Timestamp>,
    },
    /// A signal came.
    SignalReceived {
        /// Its number among the signals of the run, from 0.
        signal_seq: u64,
        #[serde(flatten)]
        /// Whom it is for.
        address: SignalAddress,
    },
    /// Somebody is asked.
    ApprovalRequested {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// What is asked.
        request: ApprovalRequest,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// Somebody voted on an approval that needs several people.
    ApprovalVoted {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Yes or no.
        approved: bool,
        /// User id of the voter; none for a no of a token without a user.
        decided_by: Option<String>,
        /// How many have said yes so far, this one among them.
        approvals: u32,
        /// How many have to.
        required_approvals: u32,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// The answer was yes.
    ApprovalGranted {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// It was given without a person.
    ApprovalAutoApproved {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Digest of what would have been asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// The answer was no.
    ApprovalDenied {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Digest of what was asked; none where an older version asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_digest: Option<String>,
    },
    /// The owner's time is over: the fallback owner may decide too.
    ApprovalEscalated {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Who did not decide in time.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<Party>,
        /// Who may decide from now on.
        #[serde(skip_serializing_if = "Option::is_none")]
        fallback_owner: Option<Party>,
    },
    /// Everybody's time is over.
    ApprovalExpired {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// What becomes of it.
        on_expire: OnExpire,
    },
    /// Somebody had a task and what came after it reset; the run goes on with them.
    RetryTaskFinished {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Everything that was reset.
        reset_nodes: Vec<String>,
        /// Always true: what cannot be reset is refused.
        success: bool,
    },
    /// Somebody took the run back to an earlier frame; what came after it counts no more.
    TimeTravelJumped {
        /// The newest frame until then.
        from_frame_no: u64,
        /// The newest frame from now on.
        to_frame_no: u64,
        /// User id of who asked, `unknown` for a token without a user.
        caller: String,
    },
    /// A rewind came past effects on the world outside.
    SideEffectBoundaryCrossed {
        /// Names the operation.
        op_id: String,
        /// What it was: `rewind`.
        operation: String,
        /// The effects: those that stay, those that were taken back, those that do no harm.
        report: RawJson,
    },
    /// An effect was taken back.
    EffectRevertFinished {
        #[serde(flatten)]
        /// Of which node.
        node: NodeKey,
        /// Of which attempt.
        attempt: u32,
        /// Its number in the attempt.
        seq: u32,
        /// Why: `rewind`.
        operation: String,
        /// `task` or `tool`.
        kind: String,
        /// Name of the tool; of a task its node id.
        tool_name: String,
    },
    /// The run began as a copy of another one as it was at a frame.
    RunForked {
        /// Which run.
        parent_run_id: RunId,
        /// Which frame.
        parent_frame_no: u64,
        /// What the copy is called.
        #[serde(skip_serializing_if = "Option::is_none")]
        branch_label: Option<String>,
    },
    /// An attempt takes a result that was kept. Its `NodeFinished` follows.
    CacheHit {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
        /// What the result was found by.
        cache_key: String,
        /// The run that made it.
        source_run_id: RunId,
        /// How old it is.
        age_ms: u64,
    },
    /// A scorer begins to look at the result of an attempt.
    ScorerStarted {
        #[serde(flatten)]
        /// Whose result.
        node: NodeKey,
        /// Of which attempt.
        attempt: u32,
        /// Id of the scorer.
        scorer_id: String,
        /// Its name for people.
        scorer_name: String,
    },
    /// A scorer gave its score.
    ScorerFinished {
        #[serde(flatten)]
        /// Whose result.
        node: NodeKey,
        /// Of which attempt.
        attempt: u32,
        /// Id of the scorer.
        scorer_id: String,
        /// Its name for people.
        scorer_name: String,
        /// The score.
        score: ScoreValue,
    },
    /// A scorer gave none. Nothing else follows from it.
    ScorerFailed {
        #[serde(flatten)]
        /// Whose result.
        node: NodeKey,
        /// Of which attempt.
        attempt: u32,
        /// Id of the scorer.
        scorer_id: String,
        /// Its name for people.
        scorer_name: String,
        /// Why.
        error: ErrorInfo,
    },
    /// A result of a replaced attempt came and was dropped (DESIGN 4).
    LateResultDropped {
        #[serde(flatten)]
        /// Which node.
        node: NodeKey,
        /// The attempt whose result it was.
        attempt: u32,
    },
}
