//! Runs that go on as new ones: what the new run knows of the one before (workflow-model 13.5).

use serde::{Deserialize, Serialize};

use crate::{Iteration, LoopId, RawJson, RunId, Timestamp};

/// Most bytes of the state that a run hands to the next one, as JSON.
pub const MOST_STATE: usize = 1 << 20;

/// Stands between the first run of a chain and the number of a later one. No client can launch a run with such an id.
pub const NEXT: &str = ":next:";

/// Place of a run in a chain of runs, each of which goes on for the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// The run before it.
    pub before: RunId,
    /// The first run of the chain.
    pub first: RunId,
    /// Its number in the chain, from 2.
    pub depth: u64,
}

impl ChainLink {
    /// The link that follows `link`, that of run `run`; a run without one is the first.
    pub fn after(run: &RunId, link: Option<&Self>) -> Self {
        Self {
            before: run.clone(),
            first: link.map_or(run, |link| &link.first).clone(),
            depth: link.map_or(1, |link| link.depth) + 1,
        }
    }

    /// The id of the run at this place.
    pub fn run_id(&self) -> RunId {
        RunId::new(format!("{}{NEXT}{}", self.first, self.depth))
    }
}

/// Why a run goes on as a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum ContinueReason {
    /// Its workflow says so.
    Explicit,
    /// A loop has had as many passes as one run is to have.
    #[serde(rename_all = "camelCase")]
    LoopThreshold {
        /// The loop.
        loop_id: LoopId,
        /// Passes of one run.
        continue_as_new_every: Iteration,
    },
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
    #[serde(flatten)]
    pub reason: ContinueReason,
    /// The pass with which the new run begins, as `ctx.iteration` tells it.
    pub iteration: Iteration,
    /// The state that was handed over; null without one.
    pub payload: RawJson,
    /// When.
    pub timestamp_ms: Timestamp,
}
