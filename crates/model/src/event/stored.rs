//! Events with the numbers that a commit gives them.

use crate::{RawJson, RunId, Timestamp};

/// An event with its numbers, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedEvent {
    /// Number in the run's log, from 0, no holes.
    pub seq: u64,
    /// Number in the run's stream, from 1, no holes; only visible events have one.
    pub stream_seq: Option<u64>,
    /// When it happened.
    pub at: Timestamp,
    /// Stored type name.
    pub type_name: &'static str,
    /// Stored payload.
    pub payload: RawJson,
}

/// An event as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Place in the gateway's whole log.
    pub position: u64,
    /// Its run.
    pub run_id: RunId,
    /// Number in the run's log.
    pub seq: u64,
    /// Number in the run's stream.
    pub stream_seq: Option<u64>,
    /// The gateway's version counter after this event; only visible events advance it.
    pub state_version: Option<u64>,
    /// When it happened.
    pub at: Timestamp,
    /// Stored type name.
    pub type_name: String,
    /// Stored payload.
    pub payload: RawJson,
}
