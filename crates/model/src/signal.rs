//! Signals: what the outside tells a run by name. They are kept until a node takes them, however early they came.

use serde::{Deserialize, Serialize};

use crate::{NodeKey, RawJson, Timestamp};

/// What a signal and who waits for it have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalAddress {
    /// Name of the signal, not empty.
    pub signal_name: String,
    /// Tells signals of one name apart; none fits none only.
    pub correlation_id: Option<String>,
}

impl SignalAddress {
    /// The correlation, if there is one.
    pub fn correlation(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }
}

/// Row of `_smithers_signals`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Number in the run, from 0.
    pub seq: u64,
    /// Whom it is for.
    pub address: SignalAddress,
    /// What it tells.
    pub payload: RawJson,
    /// When it came.
    pub received_at: Timestamp,
    /// User id of the sender; none for a token without a user.
    pub received_by: Option<String>,
    /// The node that has taken it; no other node gets it.
    pub taken_by: Option<NodeKey>,
}

impl Signal {
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        128 + self.payload.as_str().len()
    }
}
