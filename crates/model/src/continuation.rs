//! Runs that go on as new ones: what the new run knows of the one before (workflow-model 13.5).

use serde::{Deserialize, Serialize};

use crate::{RawJson, RunId, Timestamp};

/// Most bytes of the state that a run hands to the next one, as JSON.
pub const MOST_STATE: usize = 1 << 20;

/// Why a run goes on as a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContinueReason {
    /// Its workflow says so.
    Explicit,
}

/// What a run is told of the one that it goes on for; `ctx.continuation` of its workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Continuation {
    /// The run before it.
    pub parent_run_id: RunId,
    /// The first run of the chain.
    pub first_run_id: RunId,
    /// How many runs the chain has with this one, from 2.
    pub depth: u64,
    /// Why.
    pub reason: ContinueReason,
    /// The state that was handed over.
    pub payload: RawJson,
    /// When.
    pub timestamp_ms: Timestamp,
}

impl Continuation {
    /// The id of the run that follows in the chain after `first` as number `depth`.
    pub fn id_of(first: &RunId, depth: u64) -> RunId {
        RunId::new(format!("{first}.{depth}"))
    }
}
