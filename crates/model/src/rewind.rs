//! Rewinding a run: what is asked for, what the store is told to do, and what the trail of it says
//! (workflow-model 14.2).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::approval::Approval;
use crate::effect::ToolCall;
use crate::history::{PackedDelta, Snapshot, StoredDelta};
use crate::loops::LoopRow;
use crate::node::{AttemptRow, NodeRow, state_text};
use crate::output::OutputRow;
use crate::run::Actor;
use crate::signal::Signal;
use crate::wait::Wait;
use crate::{NodeKey, RawJson, RunId, Timestamp};

/// Rewinds of a run that one caller may try in an hour.
pub const MOST_TRIES: u64 = 10;
/// The hour in which tries are counted, milliseconds.
pub const TRIES_WITHIN_MS: u64 = 60 * 60 * 1000;

/// What a run is asked to go back to, with all that the store knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RewindRequest {
    /// The frame.
    pub frame_no: u64,
    /// Who asks.
    pub actor: Actor,
    /// It may go on with a workflow that has changed since.
    pub accept_change: bool,
    /// Names the try.
    pub op: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// The run at the frame.
    pub past: Past,
    /// What attempts that go had done outside.
    pub boundary: EffectBoundary,
    /// Those of it that were taken back, with what became of that.
    pub reverted: Vec<ToolCall>,
}

/// A run as it was when a frame was stored, with what is stored of it now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// The state of the run at the frame.
    pub snapshot: Snapshot,
    /// The delta in which the snapshot ends, when there is one.
    pub last_delta: Option<StoredDelta>,
    /// All attempts of the run.
    pub attempts: Vec<AttemptRow>,
    /// Output rows that are stored, by place in the order of completion.
    pub places: Vec<(u64, String, NodeKey)>,
    /// Rows of the snapshot that were undone later, by place.
    pub undone: Vec<(u64, OutputRow)>,
}

/// What a new run begins with: another one as it was at a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Fork {
    /// Which run.
    pub parent: RunId,
    /// Which frame; 0 is its beginning.
    pub frame_no: u64,
    /// What the copy is called.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// It goes on at once; otherwise it is paused until somebody resumes it.
    pub starts: bool,
    /// Hash of the module graph that it goes on with.
    pub workflow_hash: Option<String>,
    /// Nodes that begin anew.
    pub reset: Vec<NodeKey>,
    /// The run at the frame.
    pub past: Past,
    /// Its nodes now.
    pub nodes: Vec<NodeRow>,
    /// Its output rows now, in completion order.
    pub outputs: Vec<OutputRow>,
    /// Its approvals now.
    pub approvals: Vec<Approval>,
    /// Its signals now.
    pub signals: Vec<Signal>,
}

/// Row of `_smithers_branches`: a run that began as a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The copy.
    pub run_id: RunId,
    /// Of which run.
    pub parent_run_id: RunId,
    /// At which frame.
    pub parent_frame_no: u64,
    /// What it is called.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Effects of attempts that a rewind undoes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectBoundary {
    /// They cannot be taken back, and to have them again does harm.
    pub blocking: Vec<ToolCall>,
    /// They are taken back.
    pub revertible: Vec<ToolCall>,
    /// They stay: to have them again does no harm.
    pub warnings: Vec<ToolCall>,
}

impl EffectBoundary {
    /// Sorts the calls of attempts that go; what is felt nowhere is left out. With `no_revert`, none is taken back.
    pub fn of(calls: impl IntoIterator<Item = ToolCall>, no_revert: bool) -> Self {
        let mut boundary = Self::default();
        for call in calls.into_iter().filter(|call| call.note.side_effect) {
            let list = match (call.has_revert && !no_revert, call.note.idempotent) {
                (true, _) => &mut boundary.revertible,
                (false, true) => &mut boundary.warnings,
                (false, false) => &mut boundary.blocking,
            };
            list.push(call);
        }
        boundary
    }

    /// Whether nothing was done outside.
    pub fn is_empty(&self) -> bool {
        self.blocking.is_empty() && self.revertible.is_empty() && self.warnings.is_empty()
    }

    /// The boundary for people: which effects, without what they were given or gave.
    pub fn report(&self) -> RawJson {
        let list = |calls: &[ToolCall]| calls.iter().map(effect).collect::<Vec<_>>();
        RawJson::of(&json!({
            "blocking": list(&self.blocking),
            "revertible": list(&self.revertible),
            "warnings": list(&self.warnings),
        }))
    }
}

fn effect(call: &ToolCall) -> Value {
    let note = &call.note;
    json!({
        "nodeId": note.node.node_id,
        "iteration": note.node.iteration,
        "attempt": note.attempt,
        "toolName": note.tool_name,
        "kind": note.kind.as_str(),
        "status": note.status.as_str(),
    })
}

/// The rows of a run as a rewind leaves them, where they differ from those that are stored. Nodes and attempts that
/// change follow as ordinary changes of the step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewound {
    /// The newest frame from now on; later ones go.
    pub frame_no: u64,
    /// How many deltas of the history stay.
    pub deltas_kept: u64,
    /// The last of them, when only its beginning stays.
    pub last_delta: Option<PackedDelta>,
    /// Nodes that the run did not know yet.
    pub nodes_gone: Vec<NodeKey>,
    /// Attempts that had not begun.
    pub attempts_gone: Vec<(NodeKey, u32)>,
    /// Output rows that were not there, by schema key and node.
    pub outputs_gone: Vec<(String, NodeKey)>,
    /// Output rows that were undone later, with their places in the order of completion.
    pub outputs_back: Vec<(u64, Arc<OutputRow>)>,
    /// All loops as they were.
    pub loops: Vec<LoopRow>,
    /// All waits as they were.
    pub waits: Vec<Wait>,
    /// Decisions that were withdrawn or replaced later and count again, with the answer and its time.
    pub decisions_back: Vec<(NodeKey, bool, Timestamp)>,
    /// Signals from this number on had not come.
    pub signals_from: u64,
    /// Signals that nobody had taken yet.
    pub signals_untaken: Vec<u64>,
}

/// How a rewind ended (operations 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewindResult {
    /// It is under way; the one result that changes.
    InProgress,
    /// The run was rewound.
    Success,
    /// Nothing was changed.
    Failed,
    /// Some effects outside were reverted, the run was not rewound.
    Partial,
    /// It was not tried: another one was under way, or there were too many.
    Rejected,
}

state_text!(RewindResult {
    InProgress => "in_progress",
    Success => "success",
    Failed => "failed",
    Partial => "partial",
    Rejected => "rejected",
});

/// Row of `_smithers_time_travel_audit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeTravelRow {
    /// Names the try; one row for each.
    pub op: String,
    /// Which run.
    pub run_id: RunId,
    /// Its newest frame at the beginning.
    pub from_frame_no: u64,
    /// Where it was to go; -1 when the request did not say.
    pub to_frame_no: i64,
    /// User id of the caller, at most 256 characters; `unknown` for a token without a user.
    pub caller: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// How it ended.
    pub result: RewindResult,
    /// How long it took, milliseconds; none while it is under way.
    pub duration_ms: Option<u64>,
}

impl TimeTravelRow {
    /// Most characters of a caller.
    const MOST_CALLER: usize = 256;

    /// The text of a caller as it is stored.
    pub fn caller(user: Option<&str>) -> String {
        let user = user.filter(|user| !user.is_empty()).unwrap_or("unknown");
        user.chars().take(Self::MOST_CALLER).collect()
    }
}
