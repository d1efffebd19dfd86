//! From what the log records to what a client reads: one stored event becomes one event of the wire.
//!
//! A pure table (gateway-protocol 7.1). It knows nothing of sockets, subscriptions or who may read.

mod error;
#[cfg(test)]
mod tests;

use serde_json::value::{RawValue, to_raw_value};
use smithers_model::error::ErrorInfo;
use smithers_model::event::{Event, StoredEvent};
use smithers_protocol::frame::{Payload, RunEvent};
use smithers_protocol::view::BroadcastEvent as B;

use error::ReaderError;

/// A stored payload that cannot be read back; only damaged or newer data is like that.
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
    let written = serde_json::from_str(stored.payload.as_str())
        .and_then(|event: Event| write(&event, run_id))
        .map_err(|source| Unreadable {
            run_id: run_id.to_owned(),
            seq: stored.seq,
            type_name: stored.type_name.clone(),
            source,
        })?;
    Ok(written
        .map(|(name, payload)| RunEvent::new(run_id, name, &payload, stream_seq, state_version)))
}

/// Returns whether the event concerns an approval, so that readers of approvals may see it.
///
/// Told from the stored type alone: it is asked for events that nobody has serialised yet.
pub fn concerns_approval(type_name: &str) -> bool {
    type_name.starts_with("Approval")
}

fn write(event: &Event, run: &str) -> Result<Option<(&'static str, Payload)>, serde_json::Error> {
    let error = shown_error(event)?;
    let shown = show(event, run, error.as_deref());
    shown
        .map(|shown| Ok((shown.name(), Payload::encode(&shown)?)))
        .transpose()
}

/// The table; `None` for what stays in the log. `error` is that of the event, if it has one.
fn show<'a>(event: &'a Event, run: &'a str, error: Option<&'a RawValue>) -> Option<B<'a>> {
    Some(match event {
        Event::NodePending { node } => B::node_pending(run, node.node_id.as_str(), node.iteration),
        Event::NodeStarted { node, .. } => B::node_started(run, node.node_id.as_str()),
        Event::NodeFinished { node, .. } => B::node_finished(run, node.node_id.as_str()),
        Event::NodeFailed { node, .. } => B::node_failed(run, node.node_id.as_str(), error?),
        Event::NodeRetrying { node, attempt } => {
            B::node_retrying(run, node.node_id.as_str(), *attempt)
        }
        Event::NodeSkipped { node } => B::node_skipped(run, node.node_id.as_str()),
        Event::NodeCancelled { node, .. } => B::node_cancelled(run, node.node_id.as_str()),
        Event::NodeWaitingApproval { node } => {
            B::node_waiting_approval(run, node.node_id.as_str(), node.iteration)
        }
        Event::ApprovalRequested { node, .. } => {
            B::approval_requested(run, node.node_id.as_str(), node.iteration)
        }
        Event::ApprovalGranted { node } => {
            B::approval_decided(run, node.node_id.as_str(), node.iteration, true)
        }
        Event::ApprovalDenied { node } => {
            B::approval_decided(run, node.node_id.as_str(), node.iteration, false)
        }
        Event::RunFinished { failed_child_keys } => B::run_finished(run, failed_child_keys),
        Event::RunFailed { .. } => B::run_failed(run, error?),
        Event::RunCancelled => B::run_cancelled(run),
        Event::RunStarted
        | Event::RunStatusChanged { .. }
        | Event::FrameCommitted { .. }
        | Event::LateResultDropped { .. } => return None,
    })
}

fn shown_error(event: &Event) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    let error: Option<&ErrorInfo> = match event {
        Event::NodeFailed { error, .. } | Event::RunFailed { error } => Some(error),
        _ => None,
    };
    error
        .map(|error| to_raw_value(&ReaderError::from(error)))
        .transpose()
}
