//! What deltas add up to: the state of a run when a frame was stored.

use std::collections::BTreeMap;

use super::{Change, CodecError, Delta};
use crate::loops::LoopRow;
use crate::node::{AttemptState, NodeState};
use crate::wait::Wait;
use crate::{LoopId, NodeKey, Timestamp};

/// A delta as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDelta {
    /// Its place in the history of the run, from 1.
    pub n: u64,
    /// Place of its first output row in the order of completion.
    pub first_clock: u64,
    /// The packed delta.
    pub bytes: Vec<u8>,
}

/// Where a node stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeMark {
    /// Its state.
    pub state: NodeState,
    /// Number of its newest attempt; 0 before the first.
    pub last_attempt: u32,
    /// Since when.
    pub updated_at: Timestamp,
}

/// Where an attempt stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptMark {
    /// Its state.
    pub state: AttemptState,
    /// When the next one was due.
    pub retry_at: Option<Timestamp>,
}

/// Where an approval stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalMark {
    /// It was asked for.
    Asked,
    /// It was decided.
    Decided {
        /// With a yes.
        approved: bool,
        /// When.
        at: Timestamp,
    },
}

/// The state of a run when a frame was stored. Frame 0 is before anything had happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Nodes that the run knew.
    pub nodes: BTreeMap<NodeKey, NodeMark>,
    /// Attempts that had begun.
    pub attempts: BTreeMap<(NodeKey, u32), AttemptMark>,
    /// Output rows by table and node, with their places in the order of completion.
    pub outputs: BTreeMap<(String, NodeKey), u64>,
    /// Rows with smaller places came from the run before this one, and belong to every snapshot.
    pub own_from: u64,
    /// Loops.
    pub loops: BTreeMap<LoopId, LoopRow>,
    /// Approvals that counted.
    pub approvals: BTreeMap<NodeKey, ApprovalMark>,
    /// What nodes waited for.
    pub waits: BTreeMap<NodeKey, Wait>,
    /// How many signals had come.
    pub signals: u64,
    /// Who had taken which.
    pub taken: BTreeMap<u64, NodeKey>,
    /// How many deltas belong to it, whole or in part.
    pub deltas: u64,
}

/// Adds deltas up to the snapshot of a frame, as they are read.
#[derive(Debug)]
pub struct SnapshotBuilder {
    frame_no: u64,
    snapshot: Snapshot,
    /// The delta in which the frame was stored.
    last: Option<StoredDelta>,
    /// The first frame of the history.
    begins_with: Option<u64>,
    is_there: bool,
}

impl SnapshotBuilder {
    /// Begins the snapshot of frame `frame_no`.
    pub fn new(frame_no: u64) -> Self {
        Self {
            frame_no,
            snapshot: Snapshot::default(),
            last: None,
            begins_with: None,
            is_there: false,
        }
    }

    /// Adds the next delta of the run. Returns whether no further one is wanted.
    ///
    /// # Errors
    /// The delta cannot be read.
    pub fn add(&mut self, stored: &StoredDelta) -> Result<bool, CodecError> {
        let delta = Delta::unpack(&stored.bytes)?;
        if stored.n == 1 {
            self.snapshot.own_from = stored.first_clock;
        }
        self.begins_with = self.begins_with.or(delta.frames().next());
        // A run that began by itself has no frame 0: nothing had happened then.
        let is_before = self.frame_no == 0 && delta.frames().next() != Some(0);
        if is_before {
            self.is_there = true;
            return Ok(true);
        }
        self.snapshot.deltas = stored.n;
        self.is_there = self.snapshot.add(&delta, stored.first_clock, self.frame_no);
        if self.is_there {
            self.last = Some(stored.clone());
        }
        Ok(self.is_there)
    }

    /// Ends it: none when the run has no such frame, or its history does not reach back to its beginning.
    pub fn finish(self) -> Option<(Snapshot, Option<StoredDelta>)> {
        let is_whole = self.begins_with.is_none_or(|first| first <= 1);
        let is_there = self.is_there || self.frame_no == 0;
        (is_there && is_whole).then_some((self.snapshot, self.last))
    }
}

impl Snapshot {
    /// Adds up `deltas`, which begin with the first of a run, until frame `frame_no` was stored. Returns none when they
    /// end before.
    ///
    /// # Errors
    /// A delta cannot be read.
    pub fn at(
        frame_no: u64,
        deltas: impl IntoIterator<Item = StoredDelta>,
    ) -> Result<Option<Self>, CodecError> {
        let mut builder = SnapshotBuilder::new(frame_no);
        for stored in deltas {
            if builder.add(&stored)? {
                break;
            }
        }
        Ok(builder.finish().map(|(snapshot, _)| snapshot))
    }

    /// Adds a whole delta: what comes of it is the state of the run at the end of its step.
    ///
    /// # Errors
    /// The delta cannot be read.
    pub fn extend(&mut self, stored: &StoredDelta) -> Result<(), CodecError> {
        let delta = Delta::unpack(&stored.bytes)?;
        self.deltas = stored.n;
        // No frame has this number, so nothing ends the delta early.
        self.add(&delta, stored.first_clock, u64::MAX);
        Ok(())
    }

    /// Adds a delta up to frame `frame_no`. Returns whether it stores that frame.
    fn add(&mut self, delta: &Delta, first_clock: u64, frame_no: u64) -> bool {
        let mut clock = first_clock;
        for change in &delta.changes {
            if *change == Change::Frame(frame_no) {
                return true;
            }
            clock += u64::from(matches!(change, Change::Output { .. }));
            self.apply(change, clock);
        }
        false
    }

    /// `clock` is one more than the place of the newest output row.
    fn apply(&mut self, change: &Change, clock: u64) {
        match change.clone() {
            Change::Frame(_) => {}
            Change::Node {
                node,
                state,
                last_attempt,
                updated_at,
            } => {
                let mark = NodeMark {
                    state,
                    last_attempt,
                    updated_at,
                };
                self.nodes.insert(node, mark);
            }
            Change::Attempt {
                node,
                attempt,
                state,
                retry_at,
            } => {
                let mark = AttemptMark { state, retry_at };
                self.attempts.insert((node, attempt), mark);
            }
            Change::Output { table, node } => drop(self.outputs.insert((table, node), clock - 1)),
            Change::Forgotten { table, node } => self.forget(table, node),
            Change::Loop(row) => drop(self.loops.insert(row.id.clone(), row)),
            Change::Asked(node) => drop(self.approvals.insert(node, ApprovalMark::Asked)),
            Change::Decided { node, approved, at } => {
                let mark = ApprovalMark::Decided { approved, at };
                self.approvals.insert(node, mark);
            }
            Change::Withdrawn(node) => drop(self.approvals.remove(&node)),
            Change::WaitBegun(wait) => drop(self.waits.insert(wait.node.clone(), *wait)),
            Change::WaitEnded(node) => drop(self.waits.remove(&node)),
            Change::SignalKept(seq) => self.signals = seq + 1,
            Change::SignalTaken { seq, node } => drop(self.taken.insert(seq, node)),
        }
    }

    fn forget(&mut self, table: String, node: NodeKey) {
        let attempts = (node.clone(), 0)..=(node.clone(), u32::MAX);
        for (_, mark) in self.attempts.range_mut(attempts) {
            if mark.state == AttemptState::Failed {
                (mark.state, mark.retry_at) = (AttemptState::Cancelled, None);
            }
        }
        self.outputs.remove(&(table, node));
    }
}
