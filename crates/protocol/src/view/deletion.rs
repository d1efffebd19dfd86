//! Answers of `deleteRun` and `holdRun`.

use serde::Serialize;

/// The answer of `deleteRun`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletionAnswer<'a> {
    /// The run that was named.
    pub run_id: &'a str,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// What was deleted, or would be, children before their parents.
    pub runs: Vec<DeletedRun<'a>>,
}

/// One run of a deletion.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedRun<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Key of its workflow.
    pub workflow: &'a str,
    /// How it ended.
    pub status: &'a str,
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
    /// SHA-256 of its event log; absent when nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_sha256: Option<&'a str>,
}

/// The answer of `holdRun`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldAnswer<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Whether it is held now.
    pub held: bool,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// User id of whoever asked for the hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<&'a str>,
    /// Since when, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_at_ms: Option<i64>,
}
