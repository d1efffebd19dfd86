//! What a new stream replays: the logical window of gateway-protocol 8.3.
//!
//! The window is the newest so many visible events of the run. It depends on the run's numbers
//! alone, not on what memory or a process still holds.

use std::ops::RangeInclusive;

/// Where a stream begins to read, and what it has lost before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Events with higher numbers are sent.
    pub after: u64,
    /// Numbers that the client asked for and that are older than the window.
    pub lost: Option<RangeInclusive<u64>>,
}

impl Replay {
    /// Plans a stream on a run whose newest event is `newest`, with a window of `window` events.
    ///
    /// Without `after_seq` only what comes from now on is sent. `after_seq` is at most `newest`.
    pub fn plan(after_seq: Option<u64>, newest: u64, window: u64) -> Self {
        let before_window = newest.saturating_sub(window);
        match after_seq {
            None => Self {
                after: newest,
                lost: None,
            },
            Some(after) if after < before_window => Self {
                after: before_window,
                lost: Some(after + 1..=before_window),
            },
            Some(after) => Self { after, lost: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_before_the_window_are_lost_and_the_whole_window_is_replayed() {
        let cases = [
            (Some(0), 14, 4, 10, Some(1..=10)),
            (Some(9), 14, 4, 10, Some(10..=10)),
            (Some(10), 14, 4, 10, None),
            (Some(14), 14, 4, 14, None),
            (Some(0), 4, 4, 0, None),
            (Some(0), 0, 4, 0, None),
            (None, 14, 4, 14, None),
        ];
        for (after_seq, newest, window, after, lost) in cases {
            let plan = Replay::plan(after_seq, newest, window);
            assert_eq!(plan, Replay { after, lost }, "{after_seq:?} of {newest}");
        }
    }
}
