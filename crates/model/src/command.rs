//! Commands: what the engine asks for. They are carried out only after their step is committed.

use crate::{NodeKey, Timestamp};

/// Something to do outside, after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Run the body of a compute task.
    StartTask {
        /// Which task.
        node: NodeKey,
        /// From 1.
        attempt: u32,
        /// Index in the callback table of the newest frame.
        callback: u32,
    },
    /// Fire the abort signal of a task under way.
    AbortTask {
        /// Which task.
        node: NodeKey,
        /// Which attempt.
        attempt: u32,
    },
    /// Come back with `TimeReached` at this time.
    WakeAt(Timestamp),
    /// Nothing can happen until a fact comes from outside: release the workflow session.
    Park,
    /// The run is over.
    Close,
}
