//! How often each rule has replaced something, and where certain secrets turned up; for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use smithers_model::redact::Place;

use crate::rule::Rule;

/// One counter for each rule and each place.
#[derive(Debug)]
pub(crate) struct Counts {
    rules: [AtomicU64; Rule::ALL.len()],
    certain: [AtomicU64; Place::ALL.len()],
}

impl Counts {
    pub(crate) fn new() -> Self {
        Self {
            rules: std::array::from_fn(|_| AtomicU64::new(0)),
            certain: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Counts one replacement.
    pub(crate) fn add(&self, rule: Rule, place: Place) {
        self.rules[rule as usize].fetch_add(1, Ordering::Relaxed);
        if rule.is_certain() {
            self.certain[place as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = (Rule, u64)> {
        let rules = Rule::ALL.iter().copied();
        rules.zip(self.rules.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    pub(crate) fn certain(&self) -> impl Iterator<Item = (Place, u64)> {
        let places = Place::ALL.iter().copied();
        places.zip(
            self.certain
                .iter()
                .map(|count| count.load(Ordering::Relaxed)),
        )
    }
}
