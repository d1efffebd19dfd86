//! Event frames that concern one socket, and their payloads.

use bytes::BufMut;
use serde::Serialize;
use serde_json::value::RawValue;

use super::payload::Payload;
use super::response::{put_number, put_text};
use crate::API_VERSION;
use crate::error::RpcError;

/// Appends an event frame; `seq` counts the events of the socket from 1.
pub fn write_event(
    out: &mut impl BufMut,
    event: &str,
    payload: &Payload,
    seq: u64,
    state_version: u64,
) {
    out.put_slice(b"{\"type\":\"event\",\"event\":");
    put_text(out, event);
    out.put_slice(b",\"payload\":");
    out.put_slice(payload.as_bytes());
    out.put_slice(b",\"seq\":");
    put_tail(out, seq, state_version);
}

/// Appends what differs from socket to socket: its own number, and the state version when the frame is written.
pub(super) fn put_tail(out: &mut impl BufMut, seq: u64, state_version: u64) {
    put_number(out, seq);
    out.put_slice(b",\"stateVersion\":");
    put_number(out, state_version);
    out.put_slice(b",\"apiVersion\":\"v1\"}");
}

/// Payload of `connect.challenge`, the first frame of every socket.
#[derive(Debug, Clone, Serialize)]
pub struct Challenge {
    /// A value that is new for every socket.
    pub nonce: String,
    /// The gateway's time in milliseconds.
    pub ts: i64,
}

impl Challenge {
    /// Name of the event.
    pub const EVENT: &'static str = "connect.challenge";
}

/// Payload of `tick`.
#[derive(Debug, Clone, Serialize)]
pub struct Tick {
    /// The gateway's time in milliseconds.
    pub ts: i64,
}

impl Tick {
    /// Name of the event.
    pub const EVENT: &'static str = "tick";
}

/// Payload of `run.heartbeat`, sent for every open stream.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat<'a> {
    api_version: &'static str,
    r#type: &'static str,
    stream_id: &'a str,
    run_id: &'a str,
    ts: i64,
}

impl<'a> Heartbeat<'a> {
    /// Name of the event.
    pub const EVENT: &'static str = "run.heartbeat";

    /// Creates the heartbeat of one stream at a time in milliseconds.
    pub fn new(stream_id: &'a str, run_id: &'a str, ts: i64) -> Heartbeat<'a> {
        Heartbeat {
            api_version: API_VERSION,
            r#type: "Heartbeat",
            stream_id,
            run_id,
            ts,
        }
    }
}

/// Payload of `run.gap_resync`: the events from `from_seq` to `to_seq` cannot be replayed; the run as it is now instead.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GapResync<'a> {
    api_version: &'static str,
    r#type: &'static str,
    stream_id: &'a str,
    run_id: &'a str,
    from_seq: u64,
    to_seq: u64,
    snapshot: Option<&'a RawValue>,
}

impl<'a> GapResync<'a> {
    /// Name of the event.
    pub const EVENT: &'static str = "run.gap_resync";

    /// Creates the notice of a gap; both ends are lost numbers, and `snapshot` is a serialised
    /// [`GapSnapshot`](crate::view::GapSnapshot).
    pub fn new(
        stream_id: &'a str,
        run_id: &'a str,
        lost: std::ops::RangeInclusive<u64>,
        snapshot: Option<&'a RawValue>,
    ) -> GapResync<'a> {
        GapResync {
            api_version: API_VERSION,
            r#type: "GapResync",
            stream_id,
            run_id,
            from_seq: *lost.start(),
            to_seq: *lost.end(),
            snapshot,
        }
    }
}

/// Payload of `run.error`: the stream is dead, the socket lives on.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamFailure<'a> {
    /// The stream.
    pub stream_id: &'a str,
    /// Its run.
    pub run_id: &'a str,
    /// What happened.
    pub error: &'a RpcError,
}

impl StreamFailure<'_> {
    /// Name of the event.
    pub const EVENT: &'static str = "run.error";
}

/// Why a stream is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamError {
    /// Its reader is too slow for the live events.
    TooSlow,
    /// Replaying failed.
    Internal,
    /// The token was revoked or has expired.
    AccessLost,
    /// The run was deleted.
    RunDeleted,
}

impl From<StreamError> for RpcError {
    fn from(error: StreamError) -> RpcError {
        use crate::error::ErrorCode as C;
        match error {
            StreamError::TooSlow => {
                RpcError::new(C::BackpressureDisconnect, "The stream was read too slowly")
            }
            StreamError::Internal => {
                RpcError::new(C::Internal, "The stream could not be continued")
            }
            StreamError::AccessLost => {
                RpcError::unauthorized("The token of this stream is no longer valid")
            }
            StreamError::RunDeleted => RpcError::new(C::RunNotFound, "The run was deleted"),
        }
    }
}
