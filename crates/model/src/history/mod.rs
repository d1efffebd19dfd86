//! The history of a run: what every step has changed, so that the state at any frame can be had again
//! (workflow-model 14.1).
//!
//! ```text
//!   step ──► Delta: Change … Frame(7) Change … Frame(8) Change …      one row, packed
//!   Delta + Delta + … up to Frame(7) ──► Snapshot of frame 7
//! ```
//!
//! A snapshot is never stored: it is what the deltas before its frame add up to. A step that changes little adds
//! little, however large the run is. Texts of users are not in it: an output is named by its place in the order of
//! completion, and its payload is kept only when it leaves its table.

mod packed;
mod snapshot;
#[cfg(test)]
mod tests;

use crate::loops::LoopRow;
use crate::node::{AttemptState, NodeState};
use crate::wait::Wait;
use crate::{NodeKey, Timestamp};

pub use crate::codec::CodecError;
pub use packed::PackedDelta;
pub use snapshot::{ApprovalMark, AttemptMark, NodeMark, Snapshot, SnapshotBuilder, StoredDelta};

/// One change of a run's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A frame was stored: what comes before it belongs to its snapshot.
    Frame(u64),
    /// A node came to be in a state.
    Node {
        /// Which.
        node: NodeKey,
        /// Its state.
        state: NodeState,
        /// Number of its newest attempt; 0 before the first.
        last_attempt: u32,
        /// When that was.
        updated_at: Timestamp,
    },
    /// An attempt came to be in a state.
    Attempt {
        /// Of which node.
        node: NodeKey,
        /// Its number.
        attempt: u32,
        /// Its state.
        state: AttemptState,
        /// When the next one is due.
        retry_at: Option<Timestamp>,
    },
    /// A node gave an output row.
    Output {
        /// Schema key of the table.
        table: String,
        /// Which node.
        node: NodeKey,
    },
    /// What a node came to was undone: its row is gone, its failed attempts count as cancelled.
    Forgotten {
        /// Schema key of its table; empty when it has none.
        table: String,
        /// Which node.
        node: NodeKey,
    },
    /// A loop came to be in a pass or a state.
    Loop(LoopRow),
    /// A decision was asked for.
    Asked(NodeKey),
    /// It was given.
    Decided {
        /// Which node waited.
        node: NodeKey,
        /// A yes.
        approved: bool,
        /// When.
        at: Timestamp,
    },
    /// What was asked or decided counts no more.
    Withdrawn(NodeKey),
    /// A node began to wait.
    WaitBegun(Box<Wait>),
    /// It waits no more.
    WaitEnded(NodeKey),
    /// A signal came.
    SignalKept(u64),
    /// A node took it.
    SignalTaken {
        /// Its number.
        seq: u64,
        /// The node.
        node: NodeKey,
    },
}

/// What one step has changed, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// The changes.
    pub changes: Vec<Change>,
}

impl Delta {
    /// The frames that were stored, in order.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.changes.iter().filter_map(|change| match change {
            Change::Frame(number) => Some(*number),
            _ => None,
        })
    }

    /// The delta up to frame `frame_no`; whole when it has no such frame.
    pub fn up_to(mut self, frame_no: u64) -> Self {
        let is_end = |change: &Change| *change == Change::Frame(frame_no);
        if let Some(end) = self.changes.iter().position(is_end) {
            self.changes.truncate(end + 1);
        }
        self
    }
}
