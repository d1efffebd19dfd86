//! What people were told, over all lives, and what the bodies of tasks have met.

use std::collections::{BTreeMap, BTreeSet};

use smithers_model::event::StoredEvent;

use crate::kept::Shelf;
use crate::mail::Letter;
use crate::people::run_id;
use crate::plan::Plan;

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
    /// Tries to take a run back so far.
    pub(crate) travels: u64,
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
    /// Results that may be kept.
    pub(crate) shelf: Shelf,
    /// Turns of the writer so far.
    pub(crate) turns: u64,
}

impl Ledger {
    /// Counts a turn of the writer; returns its number, from 0.
    pub(crate) fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns - 1
    }

    /// What was under way ends with the process.
    pub(crate) fn end_life(&mut self) {
        self.in_flight.clear();
        self.shelf.end(|_| true);
    }

    /// An event was shown to the world.
    pub(crate) fn see(&mut self, plan: &Plan, event: &StoredEvent) {
        self.published.push(event.clone());
        let mut runs = plan.runs.iter().enumerate();
        if let Some((_, run)) = runs.find(|(index, _)| run_id(*index) == event.run_id) {
            self.shelf.see(run, event);
        }
    }

    /// Notes that run `index` is about to be taken back; returns the name of the try.
    pub(crate) fn next_travel(&mut self, index: usize) -> String {
        self.travelled.entry(index).or_default();
        self.travels += 1;
        format!("op-{}", self.travels)
    }
}
