//! One run stream of one socket.

use std::collections::VecDeque;
use std::time::Instant;

use smithers_model::RunId;
use smithers_protocol::frame::StreamId;

use super::SessionId;
use super::caps::StreamSlot;
use super::cursor::Cursor;

/// Names a stream inside its hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct StreamKey(pub(super) u64);

/// What the hub keeps of a stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// Its name on the wire.
    pub(super) id: StreamId,
    /// Whose events it carries.
    pub(super) run: RunId,
    /// The socket it is written to.
    pub(super) session: SessionId,
    /// How far it has come.
    pub(super) cursor: Cursor,
    /// Its live frames that wait for a slow reader.
    pub(super) lag: Lag,
    /// When its next heartbeat is due.
    pub(super) heartbeat_at: Instant,
    /// Its place in the caps.
    pub(super) _slot: StreamSlot,
}

/// Counts the live frames of a stream that are still in the outbox.
///
/// Keeps the number of each such frame; frames leave in order, so the old ones are in front.
#[derive(Debug, Default)]
pub(crate) struct Lag(VecDeque<u64>);

impl Lag {
    /// Notes that the frame with number `frame` is one of this stream.
    pub(super) fn queued(&mut self, frame: u64) {
        self.0.push_back(frame);
    }

    /// Returns how many frames wait when all up to number `left` have gone.
    pub(super) fn waiting(&mut self, left: u64) -> usize {
        while self.0.front().is_some_and(|frame| *frame <= left) {
            self.0.pop_front();
        }
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_counts_only_frames_that_have_not_left() {
        let mut lag = Lag::default();
        [3, 5, 6].into_iter().for_each(|frame| lag.queued(frame));
        assert_eq!(lag.waiting(2), 3);
        assert_eq!(lag.waiting(5), 1);
        assert_eq!(lag.waiting(9), 0);
    }
}
