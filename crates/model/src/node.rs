//! Nodes and attempts: states as stored (workflow-model 10).

use serde::{Deserialize, Serialize};

use crate::error::ErrorInfo;
use crate::proof::Proof;
use crate::worktree::KeptFiles;
use crate::{NodeKey, RawJson, Timestamp};

macro_rules! state_text {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $name {
            /// Every state, in the order of the diagram.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the stored text; `None` for a text of a newer version.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use state_text;

/// State of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// Known, not started.
    Pending,
    /// An attempt is running.
    InProgress,
    /// Waits for a decision.
    WaitingApproval,
    /// Waits for a signal.
    WaitingEvent,
    /// Waits for a point in time.
    WaitingTimer,
    /// Waits for a quota to be restored.
    WaitingQuota,
    /// Waits for a row that it is bound to.
    WaitingBound,
    /// Held, because a row that it is bound to has changed.
    BoundStale,
    /// Has its result.
    Finished,
    /// Its last attempt failed and none is left.
    Failed,
    /// Left out by `skipIf`, or a denied gate with `continueOnFail`.
    Skipped,
    /// Ended with its run.
    Cancelled,
}

state_text!(NodeState {
    Pending => "pending",
    InProgress => "in-progress",
    WaitingApproval => "waiting-approval",
    WaitingEvent => "waiting-event",
    WaitingTimer => "waiting-timer",
    WaitingQuota => "waiting-quota",
    WaitingBound => "waiting-bound",
    BoundStale => "bound-stale",
    Finished => "finished",
    Failed => "failed",
    Skipped => "skipped",
    Cancelled => "cancelled",
});

/// State of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptState {
    /// Its body runs.
    InProgress,
    /// It waits for a signal.
    WaitingEvent,
    /// It waits for a point in time.
    WaitingTimer,
    /// Its result is stored.
    Finished,
    /// It threw, timed out or gave an invalid output.
    Failed,
    /// Cut off by a crash, a cancel or the failure of its run.
    Cancelled,
    /// Left out when its time to wait was over.
    Skipped,
}

state_text!(AttemptState {
    InProgress => "in-progress",
    WaitingEvent => "waiting-event",
    WaitingTimer => "waiting-timer",
    Finished => "finished",
    Failed => "failed",
    Cancelled => "cancelled",
    Skipped => "skipped",
});

/// Row of `_smithers_nodes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Which node.
    pub node: NodeKey,
    /// Its state.
    pub state: NodeState,
    /// Number of the newest attempt, from 1.
    pub last_attempt: Option<u32>,
    /// When the state changed.
    pub updated_at: Timestamp,
    /// Schema key of its output table.
    pub output_table: Option<String>,
    /// Name for people.
    pub label: Option<String>,
    /// The rows that it is bound to, from the first frame on that showed them all.
    pub bound: Option<Vec<Proof>>,
}

/// Row of `_smithers_attempts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Which node.
    pub node: NodeKey,
    /// From 1.
    pub attempt: u32,
    /// Its state.
    pub state: AttemptState,
    /// When its body was dispatched.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<ErrorInfo>,
    /// When the next attempt is due, while the node backs off.
    pub retry_at: Option<Timestamp>,
    /// The newest sign of life that is stored of it.
    pub heartbeat: Option<Heartbeat>,
    /// Particulars by kind, a JSON object; of a timer its times (workflow-model 9.4), of a
    /// subflow `childRunId`.
    pub meta: Option<RawJson>,
    /// Its result was taken over from another attempt; its body did not run.
    pub cached: bool,
    /// What was kept of the files of its worktree.
    pub files: Option<KeptFiles>,
}

/// A sign of life of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// When.
    pub at: Timestamp,
    /// The newest thing that the attempt wants the next one to know; at most 1 MB.
    pub data: Option<RawJson>,
}
