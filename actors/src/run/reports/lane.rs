//! One stream of an attempt: cleaned as it comes, cut into pieces of a bounded size as it goes.

use smithers_model::redact::Pieces;

/// Most bytes of one event.
pub(super) const PIECE_BYTES: usize = 8 * 1024;

/// What was written and has not been taken.
pub(super) struct Lane {
    /// Holds back the newest line until it is whole, because the beginning of a secret may be in it.
    cleaner: Option<Box<dyn Pieces>>,
    ready: String,
}

impl Lane {
    pub(super) fn new(cleaner: Box<dyn Pieces>) -> Self {
        Self {
            cleaner: Some(cleaner),
            ready: String::new(),
        }
    }

    /// Cleans the next text and returns what can be kept of it. Nothing once the lane is closed.
    pub(super) fn clean(&mut self, text: &str) -> String {
        let cleaner = self.cleaner.as_mut();
        cleaner.map_or_else(String::new, |cleaner| cleaner.push(text))
    }

    /// Closes the lane and returns what was held back.
    pub(super) fn close(&mut self) -> String {
        let cleaner = self.cleaner.take();
        cleaner.map_or_else(String::new, Pieces::finish)
    }

    /// Keeps clean text until it is taken.
    pub(super) fn keep(&mut self, text: &str) {
        self.ready.push_str(text);
    }

    /// Bytes that can be taken.
    pub(super) fn len(&self) -> usize {
        self.ready.len()
    }

    /// Takes pieces, at least one and not many more bytes than `budget`; `None` when there is nothing.
    pub(super) fn take(&mut self, budget: usize) -> Vec<String> {
        let mut pieces = Vec::new();
        let mut taken = 0;
        while taken < self.ready.len() && (pieces.is_empty() || taken < budget) {
            let rest = &self.ready[taken..];
            let piece = &rest[..piece_end(rest)];
            taken += piece.len();
            pieces.push(piece.to_owned());
        }
        self.ready.drain(..taken);
        pieces
    }
}

/// Where the first piece of `text` ends: behind a line when one ends in time, else between two characters.
fn piece_end(text: &str) -> usize {
    if text.len() <= PIECE_BYTES {
        return text.len();
    }
    let longest = text.floor_char_boundary(PIECE_BYTES);
    text[..longest].rfind('\n').map_or(longest, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use smithers_model::redact::{Place, Redactor};
    use smithers_redact::SecretRedactor;

    use super::*;

    fn lane() -> Lane {
        Lane::new(Arc::new(SecretRedactor::default()).pieces(Place::Output))
    }

    #[test]
    fn pieces_end_with_lines_and_never_inside_a_character() {
        let line = "ä".repeat(1_000) + "\n";
        let mut lane = lane();
        lane.keep(&line.repeat(5));
        lane.keep(&"€".repeat(6_000));
        let pieces = lane.take(usize::MAX);
        let lengths: Vec<_> = pieces.iter().map(String::len).collect();
        assert_eq!(lengths, [8_004, 2_001, 8_190, 8_190, 1_620]);
        assert_eq!(pieces.concat(), line.repeat(5) + &"€".repeat(6_000));
    }

    #[test]
    fn a_take_goes_on_where_the_one_before_stopped() {
        let mut lane = lane();
        let text: String = (0..5_000).map(|n| format!("line {n}\n")).collect();
        lane.keep(&text);
        let mut all = String::new();
        while lane.len() > 0 {
            let pieces = lane.take(10_000);
            assert_eq!(pieces.len().min(2), pieces.len());
            all += &pieces.concat();
        }
        assert_eq!(all, text);
    }

    #[test]
    fn what_was_held_back_comes_with_the_end_and_nothing_after_it() {
        let mut lane = lane();
        assert_eq!(lane.clean("one\ntwo"), "one\n");
        assert_eq!(lane.close(), "two");
        assert_eq!(lane.clean("three\n"), "");
        assert_eq!(lane.close(), "");
    }
}
