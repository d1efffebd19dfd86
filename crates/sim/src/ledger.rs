//! What people were told, over all lives, and what the bodies of tasks have met.

use std::collections::{BTreeMap, BTreeSet};

use smithers_model::event::StoredEvent;

use crate::mail::Letter;

/// What was acknowledged, and what was broken on the way.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Runs whose launch was acknowledged.
    pub(crate) launched: BTreeSet<usize>,
    /// Decisions that were acknowledged, by run and node.
    pub(crate) decided: BTreeMap<(usize, String), bool>,
    /// Runs whose cancellation was acknowledged.
    pub(crate) cancelled: BTreeSet<usize>,
    /// Runs that somebody began to take back, and the tries of that which were acknowledged.
    pub(crate) travelled: BTreeMap<usize, BTreeSet<String>>,
    /// Travels that are over, with whatever result.
    pub(crate) arrived: BTreeSet<(usize, usize)>,
    /// Signals that were acknowledged.
    pub(crate) posted: BTreeSet<Letter>,
    /// The number of the last event that each reader of a stream has seen.
    pub(crate) seen: BTreeMap<usize, u64>,
    /// Events that the world was shown.
    pub(crate) published: Vec<StoredEvent>,
    /// What must not have happened and did.
    pub(crate) broken: Vec<String>,
    /// Bodies under way in this life.
    pub(crate) in_flight: BTreeSet<(String, String)>,
    /// Turns of the writer so far.
    pub(crate) turns: u64,
}

impl Ledger {
    /// Counts a turn of the writer; returns its number, from 0.
    pub(crate) fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns - 1
    }
}
