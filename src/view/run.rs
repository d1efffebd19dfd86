//! Runs as clients see them. Readers get no stack traces and no credentials of the launcher
//! (gateway-protocol 20).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use smithers_actors::wire::error_for_readers;
use smithers_model::node::NodeState;
use smithers_model::run::RunRow;
use smithers_model::{RawJson, RunId};
use smithers_protocol::params::StartedBy;
use smithers_protocol::view::{FailedChildren, RunColumns, RunRecord, RunState};

use super::blocked::BlockedBy;
use super::members::rewrite;
use super::owner::Owner;

/// A stored run with the texts that its view borrows.
pub(crate) struct RunShown<'a> {
    row: &'a RunRow,
    owner: &'a Owner,
    is_executed: bool,
    error_json: Option<String>,
    config_json: String,
    started_by: Option<StartedBy>,
}

impl<'a> RunShown<'a> {
    /// Prepares `row` for readers; a run that executes is owned by `owner`.
    pub(crate) fn new(row: &'a RunRow, owner: &'a Owner) -> Self {
        let (config_json, started_by) = shown_config(&row.config);
        let stored = row.error.as_ref().map(RawJson::of);
        let error_json = stored.and_then(|error| error_for_readers(error.as_str()));
        Self {
            row,
            owner,
            is_executed: owner.executes(row),
            error_json,
            config_json,
            started_by,
        }
    }

    /// The row of lists (gateway-protocol 2.1).
    pub(crate) fn row(&self) -> smithers_protocol::view::RunRow<'_> {
        let row = self.row;
        let owner = self.is_executed.then_some(self.owner);
        smithers_protocol::view::RunRow {
            columns: RunColumns {
                run_id: row.run_id.as_str(),
                parent_run_id: row.parent.as_ref().map(RunId::as_str),
                workflow_name: &row.workflow_name,
                workflow_hash: row.workflow_hash.as_deref(),
                status: row.status.as_str(),
                created_at_ms: row.created_at.0,
                started_at_ms: row.started_at.map(|at| at.0),
                finished_at_ms: row.finished_at.map(|at| at.0),
                heartbeat_at_ms: owner.map(|owner| owner.alive_at.0),
                runtime_owner_id: owner.map(|owner| &*owner.id),
                cancel_requested_at_ms: row.cancel_requested_at.map(|at| at.0),
                pause_requested_at_ms: row.pause_requested_at.map(|at| at.0),
                error_json: self.error_json.as_deref().map(Cow::Borrowed),
                config_json: Some(Cow::Borrowed(&self.config_json)),
                workflow_key: row.workflow_key.as_str(),
                ..RunColumns::default()
            },
            system: row.system,
            started_by: self.started_by.clone(),
            next_run_id: row.next_run_id().map(|id| id.to_string()),
        }
    }
}

/// The record of `getRun` and of a gap's snapshot (gateway-protocol 2.2).
pub(crate) fn run_record<'a>(
    shown: &'a RunShown<'a>,
    counts: &HashMap<NodeState, u64>,
    failed_keys: &'a [String],
    blocked: Option<&'a BlockedBy>,
) -> RunRecord<'a> {
    let (row, now) = (shown.row, shown.owner.alive_at);
    let (state, unhealthy) = shown.owner.state_of(row);
    let summary: BTreeMap<&str, u64> = counts
        .iter()
        .map(|(state, count)| (state.as_str(), *count))
        .collect();
    RunRecord {
        row: shown.row(),
        summary,
        run_state: Some(RunState {
            run_id: row.run_id.as_str(),
            computed_at: now.to_iso(),
            state,
            blocked: blocked.and_then(BlockedBy::shown),
            unhealthy: unhealthy.or_else(|| blocked.and_then(|by| by.unhealthy(now))),
        }),
        failed_children: FailedChildren::of(failed_keys),
    }
}

/// The configuration without the launcher's scopes and token, and who started the run.
fn shown_config(config: &RawJson) -> (String, Option<StartedBy>) {
    let mut starter = None;
    let shown = rewrite(config.as_str(), |name, value| match name {
        "auth" => Some(shown_auth(value)),
        "startedBy" => {
            starter = serde_json::from_str(value).ok().as_ref().map(started_by);
            Some(value.into())
        }
        _ => Some(value.into()),
    });
    (shown.unwrap_or_else(|| "null".to_owned()), starter)
}

/// Readers see who launched the run and when.
fn shown_auth(auth: &str) -> Cow<'_, str> {
    let shown = rewrite(auth, |name, value| {
        matches!(name, "triggeredBy" | "createdAt").then_some(value.into())
    });
    shown.unwrap_or_else(|| "null".to_owned()).into()
}

fn started_by(value: &Value) -> StartedBy {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    StartedBy {
        harness: text("harness"),
        session_id: text("sessionId"),
        prompt: text("prompt"),
        detected: value.get("detected").and_then(Value::as_bool),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use smithers_model::error::ErrorInfo;
    use smithers_model::run::RunStatus;
    use smithers_model::{Epoch, Timestamp};

    use super::*;
    use crate::view::owner::tests::owner;

    pub(crate) fn row() -> RunRow {
        let config = r#"{"gatewaySystem":false,"auth":{"triggeredBy":"user:op","scopes":["*"],"role":"operator","tokenId":"abc"},"startedBy":{"harness":"ci"}}"#;
        let mut error = ErrorInfo::coded("SESSION_ERROR", "Task failed: a");
        error.stack = Some("at gateway.tsx:1:1".into());
        let mut cause = ErrorInfo::thrown("Error", "boom");
        cause.stack = Some("at gateway.tsx:2:1".into());
        RunRow {
            parent: None,
            tie: None,
            chain: None,
            run_id: "r1".into(),
            workflow_key: "chain".into(),
            workflow_name: "Chain".into(),
            workflow_hash: None,
            status: RunStatus::Failed,
            system: false,
            created_at: Timestamp(1),
            started_at: Some(Timestamp(2)),
            finished_at: Some(Timestamp(3)),
            cancel_requested_at: None,
            undo_within_ms: None,
            pause_requested_at: None,
            error: Some(error.caused_by(cause)),
            config: RawJson::trusted(config),
            input: RawJson::empty_object(),
            epoch: Epoch(1),
            next_seq: 4,
            next_stream_seq: 3,
            next_frame_no: 2,
        }
    }

    #[test]
    fn readers_get_no_stack_and_no_credentials_of_the_launcher() {
        let row = row();
        let owner = owner(9, true);
        let text = serde_json::to_string(&RunShown::new(&row, &owner).row()).unwrap();
        assert!(
            text.contains("Task failed: a") && text.contains("boom"),
            "{text}"
        );
        for secret in ["gateway.tsx", "tokenId", "scopes"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(
            text.ends_with(r#""system":false,"startedBy":{"harness":"ci"}}"#),
            "{text}"
        );
    }

    #[test]
    fn a_run_that_executes_is_owned_by_the_process_that_answers() {
        let running = RunRow {
            status: RunStatus::Running,
            ..row()
        };
        let owner = owner(9, true);
        let text = serde_json::to_string(&RunShown::new(&running, &owner).row()).unwrap();
        assert!(
            text.contains(r#""heartbeatAtMs":9,"runtimeOwnerId":"pid:1:x""#),
            "{text}"
        );
    }

    #[test]
    fn the_record_counts_nodes_and_names_the_state() {
        let row = row();
        let owner = owner(9, true);
        let shown = RunShown::new(&row, &owner);
        let counts = HashMap::from([(NodeState::Failed, 1), (NodeState::Pending, 2)]);
        let record = run_record(&shown, &counts, &[], None);
        let text = serde_json::to_string(&record).unwrap();
        assert!(
            text.contains(r#""summary":{"failed":1,"pending":2}"#),
            "{text}"
        );
        assert!(text.contains(r#""state":"failed""#), "{text}");
    }
}
