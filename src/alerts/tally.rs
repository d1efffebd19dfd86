//! Counts of what happened in this process and concerns alerts; the edge counts, the watch reads.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smithers_model::Timestamp;
use smithers_model::redact::Place;

/// How long something is recent.
const MINUTE: Duration = Duration::from_secs(60);

/// The counts of this process.
pub static TALLY: Tally = Tally::new();

/// Counts that only grow.
#[derive(Debug)]
pub struct Tally {
    failed_logins: AtomicU64,
    truncations: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Logins that failed.
    pub failed_logins: u64,
    /// Secrets that were replaced in stored payloads.
    pub redactions: u64,
    /// Reconnects that fell out of the event window.
    pub truncations: u64,
}

impl Tally {
    const fn new() -> Self {
        Self {
            failed_logins: AtomicU64::new(0),
            truncations: AtomicU64::new(0),
        }
    }

    /// Counts a login that failed.
    pub fn failed_login(&self) {
        self.failed_logins.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a reconnect that fell out of the event window.
    pub fn truncated(&self) {
        self.truncations.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counts.
    pub fn counts(&self) -> Counts {
        Counts {
            failed_logins: self.failed_logins.load(Ordering::Relaxed),
            redactions: redactions(),
            truncations: self.truncations.load(Ordering::Relaxed),
        }
    }
}

impl Counts {
    fn since(self, before: Counts) -> Counts {
        Counts {
            failed_logins: self.failed_logins.saturating_sub(before.failed_logins),
            redactions: self.redactions.saturating_sub(before.redactions),
            truncations: self.truncations.saturating_sub(before.truncations),
        }
    }

    fn plus(self, more: Counts) -> Counts {
        Counts {
            failed_logins: self.failed_logins + more.failed_logins,
            redactions: self.redactions + more.redactions,
            truncations: self.truncations + more.truncations,
        }
    }
}

/// What has come within the last minute, however often somebody looks.
#[derive(Debug)]
pub(super) struct Recent {
    before: Counts,
    looks: VecDeque<(Timestamp, Counts)>,
}

impl Recent {
    /// Begins to watch from `counts` on.
    pub(super) fn new(counts: Counts) -> Self {
        Self {
            before: counts,
            looks: VecDeque::new(),
        }
    }

    /// Takes the counts at `now` and returns what has come within the minute before.
    pub(super) fn take(&mut self, now: Timestamp, counts: Counts) -> Counts {
        let came = counts.since(std::mem::replace(&mut self.before, counts));
        self.looks.push_back((now, came));
        while self
            .looks
            .front()
            .is_some_and(|(at, _)| now.since(*at) >= MINUTE)
        {
            self.looks.pop_front();
        }
        self.looks
            .iter()
            .fold(Counts::default(), |sum, (_, came)| sum.plus(*came))
    }
}

/// Secrets that were replaced in what is stored; lines of the log and messages are not.
fn redactions() -> u64 {
    let is_stored = |place: Place| !matches!(place, Place::Log | Place::Message | Place::Name);
    let counts = smithers_redact::shared();
    let counts = counts.certain_counts();
    counts
        .filter(|(place, _)| is_stored(*place))
        .map(|(_, count)| count)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_within_a_minute_is_summed_over_looks_and_forgotten_after_it() {
        let counts = |failed_logins| Counts {
            failed_logins,
            ..Counts::default()
        };
        let mut recent = Recent::new(counts(5));
        let mut at = |seconds: i64, total| {
            recent
                .take(Timestamp(seconds * 1_000), counts(total))
                .failed_logins
        };
        assert_eq!(at(0, 5), 0);
        assert_eq!(at(1, 15), 10);
        assert_eq!(at(30, 25), 20);
        assert_eq!(at(60, 25), 20);
        assert_eq!(at(61, 25), 10);
        assert_eq!(at(90, 25), 0);
    }
}
