//! Timers of one runtime, in order of their due times.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// What happens when a timer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    /// A timer of user code.
    Script(u32),
    /// The time limit of a call.
    Call(u64),
}

/// Armed timers, each with what it belongs to.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    queue: BTreeMap<(Instant, u64), TimerKey>,
    armed: HashMap<TimerKey, Armed<T>>,
    next_order: u64,
    next_script: u32,
}

#[derive(Debug)]
struct Armed<T> {
    position: (Instant, u64),
    owner: T,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self {
            queue: BTreeMap::new(),
            armed: HashMap::new(),
            next_order: 0,
            next_script: 0,
        }
    }
}

impl<T> Timers<T> {
    /// Returns an id for a new timer of user code, from 1.
    pub(crate) fn next_script(&mut self) -> u32 {
        self.next_script = self.next_script.wrapping_add(1).max(1);
        self.next_script
    }

    /// Arms `key`, replacing an earlier time. Timers with equal times fire in the order of arming.
    pub(crate) fn arm(&mut self, key: TimerKey, delay: Duration, owner: T) {
        self.disarm(key);
        let position = (Instant::now() + delay, self.next_order);
        self.next_order += 1;
        self.queue.insert(position, key);
        self.armed.insert(key, Armed { position, owner });
    }

    /// Takes `key` out, if it is armed.
    pub(crate) fn disarm(&mut self, key: TimerKey) {
        if let Some(armed) = self.armed.remove(&key) {
            self.queue.remove(&armed.position);
        }
    }

    /// Returns when the next timer is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.queue.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes out the next timer that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(TimerKey, T)> {
        let (&position, &key) = self
            .queue
            .first_key_value()
            .filter(|((due, _), _)| *due <= now)?;
        self.queue.remove(&position);
        self.armed.remove(&key).map(|armed| (key, armed.owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(timers: &mut Timers<()>, after: Duration) -> Vec<TimerKey> {
        let now = Instant::now() + after;
        std::iter::from_fn(|| timers.pop_due(now))
            .map(|(key, ())| key)
            .collect()
    }

    #[test]
    fn timers_fire_by_time_and_then_by_order_of_arming() {
        let mut timers = Timers::default();
        timers.arm(TimerKey::Script(1), Duration::from_secs(2), ());
        timers.arm(TimerKey::Script(2), Duration::ZERO, ());
        timers.arm(TimerKey::Call(3), Duration::from_secs(1), ());
        assert_eq!(due(&mut timers, Duration::ZERO), [TimerKey::Script(2)]);
        assert_eq!(
            due(&mut timers, Duration::from_secs(9)),
            [TimerKey::Call(3), TimerKey::Script(1)]
        );
        assert_eq!(timers.next_due(), None);
    }

    #[test]
    fn a_timer_that_is_armed_again_fires_once() {
        let mut timers = Timers::default();
        timers.arm(TimerKey::Script(1), Duration::ZERO, ());
        timers.arm(TimerKey::Script(1), Duration::ZERO, ());
        timers.arm(TimerKey::Script(2), Duration::ZERO, ());
        timers.disarm(TimerKey::Script(2));
        assert_eq!(due(&mut timers, Duration::ZERO), [TimerKey::Script(1)]);
    }
}
