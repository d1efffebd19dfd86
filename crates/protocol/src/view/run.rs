//! Runs: the row of lists, the record of `getRun`, and the snapshot of a gap.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::run_state::RunState;
use crate::params::StartedBy;

/// What every view of a run shows; absent values are null, no key is ever missing.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunColumns<'a> {
    /// The run.
    pub run_id: &'a str,
    /// The run that started it.
    pub parent_run_id: Option<&'a str>,
    /// Name of the workflow component.
    pub workflow_name: &'a str,
    /// Where the workflow was loaded from.
    pub workflow_path: Option<&'a str>,
    /// Hash of the module graph.
    pub workflow_hash: Option<&'a str>,
    /// Status, such as `running` or `waiting-approval`.
    pub status: &'a str,
    /// When the launch was accepted.
    pub created_at_ms: i64,
    /// When the run began.
    pub started_at_ms: Option<i64>,
    /// When it ended.
    pub finished_at_ms: Option<i64>,
    /// Last sign of life while it executes.
    pub heartbeat_at_ms: Option<i64>,
    /// The process that executes it.
    pub runtime_owner_id: Option<&'a str>,
    /// When its cancellation was asked for.
    pub cancel_requested_at_ms: Option<i64>,
    /// When pausing it was asked for.
    pub pause_requested_at_ms: Option<i64>,
    /// When taking it over was asked for.
    pub hijack_requested_at_ms: Option<i64>,
    /// What shall be taken over.
    pub hijack_target: Option<&'a str>,
    /// Kind of version control.
    pub vcs_type: Option<&'a str>,
    /// Root of the working copy.
    pub vcs_root: Option<&'a str>,
    /// Revision of the working copy.
    pub vcs_revision: Option<&'a str>,
    /// Why it failed, as JSON text without stack traces.
    pub error_json: Option<Cow<'a, str>>,
    /// How it was launched, as JSON text without the launcher's credentials.
    pub config_json: Option<Cow<'a, str>>,
    /// Id of the request that cancelled it.
    pub cancel_request_id: Option<&'a str>,
    /// Where that request came from.
    pub cancel_request_source: Option<&'a str>,
    /// Who sent that request.
    pub cancel_request_client_identity: Option<&'a str>,
    /// Process that sent that request.
    pub cancel_request_client_pid: Option<i64>,
    /// Key under which the workflow is registered.
    pub workflow_key: &'a str,
}

/// A run in `listRuns`, in REST lists and in the hello snapshot.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRow<'a> {
    /// What every view of a run shows.
    #[serde(flatten)]
    pub columns: RunColumns<'a>,
    /// Whether the workflow is internal.
    pub system: bool,
    /// Who started it, as the client told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<StartedBy>,
    /// The run that goes on in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_run_id: Option<String>,
}

/// The answer of `getRun`.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord<'a> {
    /// The row.
    #[serde(flatten)]
    pub row: RunRow<'a>,
    /// How many nodes are in each state.
    pub summary: BTreeMap<&'a str, u64>,
    /// The state as derived from status, waits and signs of life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_state: Option<RunState<'a>>,
    /// Tasks that were allowed to fail and did; only of a finished run.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub failed_children: Option<FailedChildren<'a>>,
}

/// Tasks that were allowed to fail and did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedChildren<'a> {
    /// How many.
    failed_children: usize,
    /// Which, as `<node>::<iteration>`.
    failed_child_keys: &'a [String],
}

impl<'a> FailedChildren<'a> {
    /// Shows the tasks named by `keys` (`<node>::<iteration>`); `None` without any.
    pub fn of(keys: &'a [String]) -> Option<FailedChildren<'a>> {
        (!keys.is_empty()).then_some(FailedChildren {
            failed_children: keys.len(),
            failed_child_keys: keys,
        })
    }
}

/// A run in a gap notice: the record without `system` and `startedBy`.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GapSnapshot<'a> {
    #[serde(flatten)]
    columns: RunColumns<'a>,
    summary: BTreeMap<&'a str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_state: Option<RunState<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    failed_children: Option<FailedChildren<'a>>,
}

impl<'a> From<RunRecord<'a>> for GapSnapshot<'a> {
    fn from(record: RunRecord<'a>) -> GapSnapshot<'a> {
        GapSnapshot {
            columns: record.row.columns,
            summary: record.summary,
            run_state: record.run_state,
            failed_children: record.failed_children,
        }
    }
}
