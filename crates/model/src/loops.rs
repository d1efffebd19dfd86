//! Loops of a run: which pass each is in, and whether it goes on (workflow-model 7.4).

use serde::{Deserialize, Serialize};

use crate::node::state_text;
use crate::{Iteration, LoopId, Timestamp};

/// Where a loop stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoopState {
    /// Its body runs.
    #[default]
    Going,
    /// Its condition holds. It goes on if that changes.
    Satisfied,
    /// It had its last pass.
    Exhausted,
}

state_text!(LoopState {
    Going => "going",
    Satisfied => "satisfied",
    Exhausted => "exhausted",
});

/// Row of `_smithers_ralph`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopRow {
    /// Which loop.
    pub id: LoopId,
    /// The pass it is in, from 0.
    pub iteration: Iteration,
    /// Where it stands.
    pub state: LoopState,
    /// When that changed.
    pub updated_at: Timestamp,
}
