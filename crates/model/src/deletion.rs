//! Deleting runs: what is asked, what a hold is, and what is left of a run afterwards (operations 4).

use serde::{Deserialize, Serialize};

use crate::audit::Channel;
use crate::json::RawJson;
use crate::run::{Actor, RunStatus};
use crate::{RunId, Timestamp, WorkflowKey};

/// How many rows a run has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCounts {
    /// Events of its log.
    pub events: u64,
    /// Nodes.
    pub nodes: u64,
    /// Attempts of its nodes.
    pub attempts: u64,
    /// Frames.
    pub frames: u64,
    /// Output rows.
    pub outputs: u64,
    /// Approvals that were asked for.
    pub approvals: u64,
}

/// The whole event log of a run in one line.
///
/// The digest is SHA-256, in lower-case hex, over one line per event in the order of the log, each ended by a
/// line feed: a JSON array without spaces of number, stream number, type, time and payload (as a text).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogDigest {
    /// Events that it covers.
    pub events: u64,
    /// The digest.
    pub sha256: String,
}

/// Why and since when nobody may delete a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Since when.
    pub held_at: Timestamp,
    /// User id of whoever asked for it.
    pub held_by: Option<String>,
    /// Why.
    pub reason: String,
}

/// Somebody, or a policy, asks for the deletion of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionOrder {
    /// The run.
    pub run_id: RunId,
    /// When it is asked for.
    pub at: Timestamp,
    /// Who asks; nobody for a policy, whose channel is the scheduler.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
    /// The log as it was read; the order is refused when the run has more events than that.
    pub log: LogDigest,
}

/// Somebody asks for a hold, or for its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOrder {
    /// The run.
    pub run_id: RunId,
    /// Hold it, or release it.
    pub hold: bool,
    /// When it is asked for.
    pub at: Timestamp,
    /// Who asks.
    pub actor: Actor,
    /// Why.
    pub reason: String,
}

/// What is left of a deleted run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The run; its id is never used again.
    pub run_id: RunId,
    /// The run that had started it.
    pub parent_run_id: Option<RunId>,
    /// Key of its workflow.
    pub workflow_key: WorkflowKey,
    /// Name of its workflow.
    pub workflow_name: String,
    /// How it had ended.
    pub status: RunStatus,
    /// The start of the gateway that launched it.
    pub deployment_id: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// User id of whoever asked.
    pub deleted_by: Option<String>,
    /// Id of the token, never the token.
    pub token_id: Option<String>,
    /// Over what the deletion came.
    pub channel: Channel,
    /// Why.
    pub reason: Option<String>,
    /// What it had.
    pub counts: RunCounts,
    /// Digest of its event log, see [`LogDigest`].
    pub events_sha256: String,
    /// Every decision with node, answer, decider, time and note, as a JSON array.
    pub approvals: RawJson,
}
