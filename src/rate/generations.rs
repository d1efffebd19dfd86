//! A table that forgets: entries live in the current generation or the one before, and the one before that is dropped.
//!
//! **Invariant.** The table never holds more than twice its capacity, whatever its keys are, and nothing in it costs
//! more than a look-up: it needs neither a sweep nor an order of ages.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Values by key that live at least `period` after they were last inserted, and at most twice as long.
///
/// When more than `capacity` keys come within a period, the oldest are forgotten early.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    period: Duration,
    capacity: usize,
    current: HashMap<K, V>,
    previous: HashMap<K, V>,
    began_at: Instant,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    pub(super) fn new(period: Duration, capacity: usize, now: Instant) -> Self {
        Self {
            period,
            capacity,
            current: HashMap::new(),
            previous: HashMap::new(),
            began_at: now,
        }
    }

    /// Returns the value of a key; looking makes it no younger.
    pub(super) fn get(&mut self, key: &K, now: Instant) -> Option<&mut V> {
        self.age(now);
        self.current
            .get_mut(key)
            .or_else(|| self.previous.get_mut(key))
    }

    /// Returns the value of a key, made by `make` when there is none; it is young again.
    pub(super) fn get_or_insert(
        &mut self,
        key: K,
        now: Instant,
        make: impl FnOnce() -> V,
    ) -> &mut V {
        self.age(now);
        let older = self.previous.remove(&key);
        if self.current.len() >= self.capacity && !self.current.contains_key(&key) {
            self.turn(now);
        }
        self.current
            .entry(key)
            .or_insert_with(|| older.unwrap_or_else(make))
    }

    /// Returns how many entries there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.current.len() + self.previous.len()
    }

    fn age(&mut self, now: Instant) {
        if now.saturating_duration_since(self.began_at) >= self.period * 2 {
            self.turn(now);
            self.turn(now);
        } else if now.saturating_duration_since(self.began_at) >= self.period {
            self.turn(now);
        }
    }

    fn turn(&mut self, now: Instant) {
        self.previous = std::mem::take(&mut self.current);
        self.began_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(60);

    #[test]
    fn an_entry_lives_through_one_period_and_not_through_two() {
        let start = Instant::now();
        let mut table = Generations::new(PERIOD, 10, start);
        *table.get_or_insert("a", start, || 0) += 1;
        let later = start + PERIOD;
        assert_eq!(table.get(&"a", later), Some(&mut 1));
        assert_eq!(
            *table.get_or_insert("a", later, || 9),
            1,
            "it is kept, and young again"
        );
        assert_eq!(table.get(&"a", later + PERIOD), Some(&mut 1));
        assert_eq!(table.get(&"a", later + PERIOD * 3), None);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn more_keys_than_fit_push_out_the_oldest_and_never_grow_the_table() {
        let start = Instant::now();
        let mut table = Generations::new(PERIOD, 100, start);
        for key in 0..10_000 {
            table.get_or_insert(key, start, || key);
            assert!(table.len() <= 200);
        }
        assert_eq!(table.get(&9_999, start), Some(&mut 9_999));
        assert_eq!(table.get(&0, start), None);
    }
}
