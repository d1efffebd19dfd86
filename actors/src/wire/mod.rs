//! From what the log records to what a client reads: one stored event becomes one event of the wire.
//!
//! A pure table (gateway-protocol 7.1). It knows nothing of sockets, subscriptions or who may read.

mod error;
#[cfg(test)]
mod tests;
mod tokens;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use smithers_model::Iteration;
use smithers_model::agent::TokenUsage;
use smithers_model::event::StoredEvent;
use smithers_protocol::frame::{Payload, RunEvent};
use smithers_protocol::view::{BroadcastEvent as B, Jump};

use error::StoredError;

pub use error::error_for_readers;
pub use tokens::TokenReport;

/// A stored event that cannot be shown; only damaged or newer data is like that.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} of run `{run_id}` cannot be read (type `{type_name}`)")]
pub struct Unreadable {
    run_id: String,
    seq: u64,
    type_name: String,
    #[source]
    source: serde_json::Error,
}

/// Serialises a stored event for the wire; `None` when clients do not see its type.
///
/// # Errors
/// [`Unreadable`] when the stored payload is not what its type says.
pub fn run_event(stored: &StoredEvent) -> Result<Option<RunEvent>, Unreadable> {
    let (Some(stream_seq), Some(state_version)) = (stored.stream_seq, stored.state_version) else {
        return Ok(None);
    };
    let run_id = stored.run_id.as_str();
    let written = write(stored).map_err(|source| Unreadable {
        run_id: run_id.to_owned(),
        seq: stored.seq,
        type_name: stored.type_name.clone(),
        source,
    })?;
    let at = stored.at.0;
    Ok(written.map(|(name, payload)| {
        RunEvent::new(run_id, name, &payload, stream_seq, state_version, at)
    }))
}

/// Returns whether the event concerns an approval, so that readers of approvals may see it.
///
/// Told from the stored type alone: it is asked for events that nobody has serialised yet.
pub fn concerns_approval(type_name: &str) -> bool {
    type_name.starts_with("Approval")
}

/// What the table needs of a stored payload; the rest is read over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    node_id: Option<Cow<'a, str>>,
    #[serde(default)]
    iteration: Iteration,
    #[serde(default)]
    attempt: u32,
    #[serde(borrow, default)]
    error: Option<StoredError<'a>>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow, default)]
    cron_id: Cow<'a, str>,
    #[serde(borrow, default)]
    workflow: Cow<'a, str>,
    #[serde(default)]
    approved: bool,
    #[serde(borrow, default)]
    decided_by: Option<Cow<'a, str>>,
    #[serde(default)]
    approvals: u32,
    #[serde(default)]
    required_approvals: u32,
    #[serde(borrow, default)]
    new_run_id: Option<Cow<'a, str>>,
    #[serde(default)]
    failed_child_keys: Vec<String>,
    #[serde(default)]
    from_frame_no: u64,
    #[serde(default)]
    to_frame_no: u64,
    #[serde(default)]
    timestamp_ms: i64,
    #[serde(borrow, default)]
    caller: Cow<'a, str>,
    #[serde(borrow, default)]
    engine: Cow<'a, str>,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
}

fn write(stored: &StoredEvent) -> Result<Option<(&'static str, Payload)>, serde_json::Error> {
    let fields: Fields<'_> = serde_json::from_str(stored.payload.as_str())?;
    let error = fields.error.as_ref().map(StoredError::for_readers);
    let error = error.map(|error| to_raw_value(&error)).transpose()?;
    let error = error.as_deref().unwrap_or(RawValue::NULL);
    if stored.type_name == TokenUsage::EVENT {
        return tokens::event(stored);
    }
    let shown = show(&stored.type_name, stored.run_id.as_str(), &fields, error);
    shown
        .map(|shown| Ok((shown.name(), Payload::encode(&shown)?)))
        .transpose()
}

/// The table; `None` for what stays in the log, and for a node event without its node.
fn show<'a>(
    type_name: &str,
    run: &'a str,
    fields: &'a Fields<'_>,
    error: &'a RawValue,
) -> Option<B<'a>> {
    let (node, iteration) = (fields.node_id.as_deref(), fields.iteration);
    Some(match type_name {
        "NodePending" => B::node_pending(run, node?, iteration),
        "NodeStarted" => B::node_started(run, node?),
        "NodeOutput" => B::task_output(run, node?, &fields.text, &fields.stream),
        "TaskHeartbeat" => B::task_heartbeat(run, node?, iteration, fields.attempt),
        "AgentEvent" => {
            let told = (&*fields.engine, fields.event?);
            B::agent_event(run, node?, iteration, fields.attempt, told)
        }
        "NodeFinished" => B::node_finished(run, node?),
        "NodeFailed" => B::node_failed(run, node?, error),
        "NodeRetrying" => B::node_retrying(run, node?, fields.attempt),
        "NodeSkipped" => B::node_skipped(run, node?),
        "NodeCancelled" => B::node_cancelled(run, node?),
        "NodeWaitingApproval" => B::node_waiting_approval(run, node?, iteration),
        "NodeWaitingTimer" => B::node_waiting_timer(run, node?, iteration),
        "TimeTravelJumped" => B::time_travel_jumped(
            run,
            Jump {
                from_frame_no: fields.from_frame_no,
                to_frame_no: fields.to_frame_no,
                timestamp_ms: fields.timestamp_ms,
                caller: &fields.caller,
            },
        ),
        "ApprovalRequested" => B::approval_requested(run, node?, iteration),
        "ApprovalVoted" => {
            let vote = (fields.approved, fields.decided_by.as_deref());
            let count = (fields.approvals, fields.required_approvals);
            B::approval_voted(run, node?, iteration, vote, count)
        }
        "ApprovalGranted" => B::approval_decided(run, node?, iteration, true),
        "ApprovalAutoApproved" => B::approval_auto_approved(run, node?, iteration),
        "ApprovalDenied" => B::approval_decided(run, node?, iteration, false),
        "CronTriggered" => B::cron_triggered(run, &fields.cron_id, &fields.workflow),
        "RunFinished" => B::run_finished(run, &fields.failed_child_keys),
        "RunFailed" => B::run_failed(run, error),
        "RunCancelled" => B::run_cancelled(run),
        "RunContinuedAsNew" => B::run_continued(run, fields.new_run_id.as_deref()?),
        _ => return None,
    })
}
