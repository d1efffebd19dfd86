//! Deltas as bytes: names once per delta, times as distances, states as numbers.

use serde::{Deserialize, Serialize};

use super::{Change, CodecError, Delta};
use crate::codec;
use crate::loops::{LoopRow, LoopState};
use crate::node::{AttemptState, NodeState};
use crate::wait::{Wait, WaitCause};
use crate::{NodeKey, Timestamp};

/// States by their number. A new one is added at the end, so that what is stored keeps its meaning.
const NODE_STATES: &[NodeState] = &[
    NodeState::Pending,
    NodeState::InProgress,
    NodeState::WaitingApproval,
    NodeState::WaitingEvent,
    NodeState::WaitingTimer,
    NodeState::WaitingQuota,
    NodeState::Finished,
    NodeState::Failed,
    NodeState::Skipped,
    NodeState::Cancelled,
    NodeState::WaitingBound,
    NodeState::BoundStale,
];
/// As [`NODE_STATES`].
const ATTEMPT_STATES: &[AttemptState] = &[
    AttemptState::InProgress,
    AttemptState::WaitingEvent,
    AttemptState::WaitingTimer,
    AttemptState::Finished,
    AttemptState::Failed,
    AttemptState::Cancelled,
    AttemptState::Skipped,
];
/// As [`NODE_STATES`].
const LOOP_STATES: &[LoopState] = &[LoopState::Going, LoopState::Satisfied, LoopState::Exhausted];

/// A delta as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedDelta {
    /// The first frame that it stores; none when it stores none.
    pub first_frame: Option<u64>,
    /// The last one.
    pub last_frame: Option<u64>,
    /// The delta.
    pub bytes: Vec<u8>,
}

/// The layout of version 1.
#[derive(Debug, Serialize, Deserialize)]
struct Layout {
    /// What the times of the changes are counted from, milliseconds since 1970.
    since_ms: i64,
    /// Names that the changes refer to.
    names: Vec<String>,
    changes: Vec<Code>,
}

/// A node: its place in the names, and its iteration.
type Key = (u32, u32);
/// Milliseconds after the time of the layout.
type Distance = i64;

#[derive(Debug, Serialize, Deserialize)]
enum Code {
    Frame(u64),
    Node(Key, u8, u32, Distance),
    Attempt(Key, u32, u8, Option<Distance>),
    Output(u32, Key),
    Forgotten(u32, Key),
    Loop(u32, u32, u8, Distance),
    Asked(Key),
    Decided(Key, bool, Distance),
    Withdrawn(Key),
    WaitBegun(Key, Distance, Option<Distance>, Vec<u8>),
    WaitEnded(Key),
    SignalKept(u64),
    SignalTaken(u64, Key),
}

impl Delta {
    /// Packs the delta.
    pub fn pack(&self) -> PackedDelta {
        let mut packer = Packer::new(self);
        let changes = self.changes.iter().map(|change| packer.pack(change));
        let changes = changes.collect();
        let layout = Layout {
            since_ms: packer.since,
            names: packer.names,
            changes,
        };
        PackedDelta {
            first_frame: self.frames().next(),
            last_frame: self.frames().next_back(),
            bytes: codec::encode(&layout),
        }
    }

    /// Reads a packed delta.
    ///
    /// # Errors
    /// The bytes are damaged, or of a newer version.
    pub fn unpack(bytes: &[u8]) -> Result<Self, CodecError> {
        let layout: Layout = codec::decode(bytes)?;
        let unpacker = Unpacker {
            since: layout.since_ms,
            names: &layout.names,
        };
        let changes = layout.changes.into_iter();
        let changes = changes.map(|code| unpacker.unpack(code));
        Ok(Self {
            changes: changes.collect::<Result<_, _>>()?,
        })
    }
}

struct Packer {
    since: i64,
    names: Vec<String>,
}

impl Packer {
    fn new(delta: &Delta) -> Self {
        let times = delta.changes.iter().find_map(|change| match change {
            Change::Node { updated_at, .. } => Some(updated_at.0),
            _ => None,
        });
        Self {
            since: times.unwrap_or(0),
            names: Vec::new(),
        }
    }

    /// The place of a name. A step names few nodes, and the newest most often.
    fn name(&mut self, name: &str) -> u32 {
        let known = self.names.iter().rposition(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        u32::try_from(place).expect("a step names fewer than four thousand million nodes")
    }

    fn key(&mut self, node: &NodeKey) -> Key {
        (self.name(node.node_id.as_str()), node.iteration)
    }

    fn distance(&self, at: Timestamp) -> Distance {
        at.0.wrapping_sub(self.since)
    }

    fn pack(&mut self, change: &Change) -> Code {
        match change {
            Change::Frame(number) => Code::Frame(*number),
            Change::Node {
                node,
                state,
                last_attempt,
                updated_at,
            } => Code::Node(
                self.key(node),
                number_of(NODE_STATES, state),
                *last_attempt,
                self.distance(*updated_at),
            ),
            Change::Attempt {
                node,
                attempt,
                state,
                retry_at,
            } => Code::Attempt(
                self.key(node),
                *attempt,
                number_of(ATTEMPT_STATES, state),
                retry_at.map(|at| self.distance(at)),
            ),
            Change::Output { table, node } => Code::Output(self.name(table), self.key(node)),
            Change::Forgotten { table, node } => Code::Forgotten(self.name(table), self.key(node)),
            Change::Loop(row) => Code::Loop(
                self.name(row.id.as_str()),
                row.iteration,
                number_of(LOOP_STATES, &row.state),
                self.distance(row.updated_at),
            ),
            Change::Asked(node) => Code::Asked(self.key(node)),
            Change::Decided { node, approved, at } => {
                Code::Decided(self.key(node), *approved, self.distance(*at))
            }
            Change::Withdrawn(node) => Code::Withdrawn(self.key(node)),
            Change::WaitBegun(wait) => self.wait(wait),
            Change::WaitEnded(node) => Code::WaitEnded(self.key(node)),
            Change::SignalKept(seq) => Code::SignalKept(*seq),
            Change::SignalTaken { seq, node } => Code::SignalTaken(*seq, self.key(node)),
        }
    }

    /// What a node waits for is JSON, as in its row.
    fn wait(&mut self, wait: &Wait) -> Code {
        let cause = serde_json::to_vec(&wait.cause).expect("a cause is plain data");
        let due = wait.due.map(|due| self.distance(due));
        Code::WaitBegun(self.key(&wait.node), self.distance(wait.since), due, cause)
    }
}

struct Unpacker<'a> {
    since: i64,
    names: &'a [String],
}

impl Unpacker<'_> {
    fn name(&self, place: u32) -> Result<&str, CodecError> {
        let name = self.names.get(place as usize);
        name.map(String::as_str)
            .ok_or_else(|| damaged("it names something that it does not hold"))
    }

    fn key(&self, (name, iteration): Key) -> Result<NodeKey, CodecError> {
        Ok(NodeKey::new(self.name(name)?, iteration))
    }

    fn time(&self, distance: Distance) -> Timestamp {
        Timestamp(self.since.wrapping_add(distance))
    }

    fn unpack(&self, code: Code) -> Result<Change, CodecError> {
        Ok(match code {
            Code::Frame(number) => Change::Frame(number),
            Code::Node(key, state, last_attempt, at) => Change::Node {
                node: self.key(key)?,
                state: state_of(NODE_STATES, state)?,
                last_attempt,
                updated_at: self.time(at),
            },
            Code::Attempt(key, attempt, state, retry_at) => Change::Attempt {
                node: self.key(key)?,
                attempt,
                state: state_of(ATTEMPT_STATES, state)?,
                retry_at: retry_at.map(|at| self.time(at)),
            },
            Code::Output(table, key) => Change::Output {
                table: self.name(table)?.to_owned(),
                node: self.key(key)?,
            },
            Code::Forgotten(table, key) => Change::Forgotten {
                table: self.name(table)?.to_owned(),
                node: self.key(key)?,
            },
            Code::Loop(id, iteration, state, at) => Change::Loop(LoopRow {
                id: self.name(id)?.into(),
                iteration,
                state: state_of(LOOP_STATES, state)?,
                updated_at: self.time(at),
            }),
            Code::Asked(key) => Change::Asked(self.key(key)?),
            Code::Decided(key, approved, at) => Change::Decided {
                node: self.key(key)?,
                approved,
                at: self.time(at),
            },
            Code::Withdrawn(key) => Change::Withdrawn(self.key(key)?),
            Code::WaitBegun(key, since, due, cause) => Change::WaitBegun(Box::new(Wait {
                node: self.key(key)?,
                since: self.time(since),
                due: due.map(|due| self.time(due)),
                cause: cause_of(&cause)?,
            })),
            Code::WaitEnded(key) => Change::WaitEnded(self.key(key)?),
            Code::SignalKept(seq) => Change::SignalKept(seq),
            Code::SignalTaken(seq, key) => Change::SignalTaken {
                seq,
                node: self.key(key)?,
            },
        })
    }
}

fn cause_of(json: &[u8]) -> Result<WaitCause, CodecError> {
    serde_json::from_slice(json).map_err(|error| damaged(&error.to_string()))
}

fn number_of<T: PartialEq + std::fmt::Debug>(states: &[T], state: &T) -> u8 {
    let place = states.iter().position(|known| known == state);
    let place = place.expect("a test holds that every state has its number");
    u8::try_from(place).expect("there are few states")
}

fn state_of<T: Copy>(states: &[T], number: u8) -> Result<T, CodecError> {
    let state = states.get(usize::from(number)).copied();
    state.ok_or_else(|| damaged("it names a state that this program does not know"))
}

fn damaged(reason: &str) -> CodecError {
    CodecError::Damaged {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_number() {
        let nodes = NodeState::ALL.iter();
        assert!(nodes.clone().all(|state| NODE_STATES.contains(state)));
        let attempts = AttemptState::ALL.iter();
        assert!(attempts.clone().all(|state| ATTEMPT_STATES.contains(state)));
        let loops = LoopState::ALL.iter();
        assert!(loops.clone().all(|state| LOOP_STATES.contains(state)));
    }
}
