//! Trees of frames and what streams tell of them (gateway-protocol 9).

use serde::Serialize;
use serde_json::value::RawValue;

use crate::devtools::{Change, Node};
use crate::error::RpcError;

/// Version of the payloads.
const VERSION: u32 = 1;

/// The tree of a frame.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeSnapshot<'a> {
    version: u32,
    run_id: &'a str,
    frame_no: u64,
    seq: u64,
    root: &'a Node,
    run_state: &'a RawValue,
}

impl<'a> TreeSnapshot<'a> {
    /// The tree `root` of frame `frame_no`; 0 before the first. `run_state` is how the run stands now.
    pub fn new(run_id: &'a str, frame_no: u64, root: &'a Node, run_state: &'a RawValue) -> Self {
        Self {
            version: VERSION,
            run_id,
            frame_no,
            seq: frame_no,
            root,
            run_state,
        }
    }
}

/// What has changed since the frame that was told last.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeDelta<'a> {
    version: u32,
    base_seq: u64,
    seq: u64,
    ops: &'a [Change<'a>],
}

impl<'a> TreeDelta<'a> {
    /// The steps `ops` from frame `base` to frame `frame_no`.
    pub fn new(base: u64, frame_no: u64, ops: &'a [Change<'a>]) -> Self {
        Self {
            version: VERSION,
            base_seq: base,
            seq: frame_no,
            ops,
        }
    }
}

/// What a stream tells of one frame.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum TreeEvent<'a> {
    /// All of it.
    Snapshot {
        /// The tree.
        snapshot: TreeSnapshot<'a>,
        /// Version of the payload.
        version: u32,
    },
    /// What has changed.
    Delta {
        /// The changes.
        delta: TreeDelta<'a>,
        /// Version of the payload.
        version: u32,
    },
}

impl<'a> TreeEvent<'a> {
    /// Tells all of a frame.
    pub fn snapshot(snapshot: TreeSnapshot<'a>) -> Self {
        let version = VERSION;
        Self::Snapshot { snapshot, version }
    }

    /// Tells what has changed.
    pub fn delta(delta: TreeDelta<'a>) -> Self {
        let version = VERSION;
        Self::Delta { delta, version }
    }
}

/// Payload of `devtools.event`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeStreamEvent<'a> {
    /// The stream.
    pub stream_id: &'a str,
    /// Its run.
    pub run_id: &'a str,
    /// What it tells.
    pub event: TreeEvent<'a>,
}

impl TreeStreamEvent<'_> {
    /// Name of the event.
    pub const EVENT: &'static str = "devtools.event";
}

/// Payload of `devtools.error`: the stream is dead, the socket lives on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeStreamFailure<'a> {
    /// The stream.
    pub stream_id: &'a str,
    /// Its run.
    pub run_id: &'a str,
    /// What happened.
    pub error: &'a RpcError,
}

impl TreeStreamFailure<'_> {
    /// Name of the event.
    pub const EVENT: &'static str = "devtools.error";
}

/// The answer of `streamDevTools`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeStreamAnswer<'a> {
    stream_id: &'a str,
    run_id: &'a str,
    from_seq: Option<u64>,
    after_seq: Option<u64>,
}

impl<'a> TreeStreamAnswer<'a> {
    /// The stream goes on after frame `after`, or begins with the newest.
    pub fn new(stream_id: &'a str, run_id: &'a str, after: Option<u64>) -> Self {
        Self {
            stream_id,
            run_id,
            from_seq: after,
            after_seq: after,
        }
    }
}
