//! The redactor over a text that comes in pieces, such as the output of a process. Whole lines go on as soon as
//! nothing that is still to come can change them, so that a secret is found however the pieces are cut.

use std::sync::Arc;

use smithers_model::redact::{Pieces, Place};

use crate::cut::INPUT_CAP;
use crate::redactor::SecretRedactor;
use crate::rule::Rule;

/// End of a private key.
const KEY_END: &[u8] = b"-----END";

/// Redacts a stream. Holds back the newest line, a private key that is not closed, and at most [`INPUT_CAP`].
pub struct Stream {
    redactor: Arc<SecretRedactor>,
    place: Place,
    held: Vec<u8>,
    state: State,
}

/// What is done with the bytes that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// They are collected until a line is whole.
    Lines,
    /// They are collected until the key ends that began in what is held.
    Key,
    /// They are dropped until the line ends, because it is too long.
    DropLine,
    /// They are dropped until the key ends, because it is too long.
    DropKey,
}

impl Stream {
    /// Begins a stream.
    pub fn new(redactor: Arc<SecretRedactor>, place: Place) -> Self {
        Self {
            redactor,
            place,
            held: Vec::new(),
            state: State::Lines,
        }
    }

    /// Takes the next bytes and returns what can go on. Bytes that are no UTF-8 are replaced.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        let from = self.held.len().saturating_sub(KEY_END.len());
        self.held.extend_from_slice(bytes);
        match self.state {
            State::DropLine => return self.drop_until(b"\n"),
            State::DropKey => return self.drop_until(KEY_END),
            State::Key if memchr::memmem::find(&self.held[from..], KEY_END).is_some() => {
                self.state = State::Lines;
            }
            State::Key | State::Lines => {}
        }
        if self.state == State::Lines && memchr::memchr(b'\n', bytes).is_some() {
            return self.release();
        }
        self.overflow()
    }

    /// Returns what was held back: nothing more comes.
    pub fn finish(mut self) -> String {
        match self.state {
            State::Lines | State::Key => self.take(self.held.len()),
            State::DropLine | State::DropKey => String::new(),
        }
    }

    /// Lets whole lines go that nothing can change any more.
    fn release(&mut self) -> String {
        let safe = self.safe_end();
        let out = self.take(safe);
        out + &self.overflow()
    }

    /// Where the held text can be cut: behind a line, outside of secrets that go over lines.
    fn safe_end(&mut self) -> usize {
        let held = &self.held;
        let over = held
            .len()
            .saturating_sub(self.redactor.longest_over_lines());
        let mut safe = line_start(held, over);
        self.state = State::Lines;
        let mut spans = self.redactor.over_lines(held);
        // From behind, since each can only push the cut further to the front.
        spans.sort_by_key(|span| std::cmp::Reverse(span.start));
        for span in spans {
            let is_closed = memchr::memmem::find(&held[span.start..span.end], KEY_END).is_some();
            let is_open = span.rule == Rule::PrivateKey && !is_closed;
            if span.start < safe && (is_open || span.end > safe) {
                safe = line_start(held, span.start);
                self.state = if is_open { State::Key } else { self.state };
            }
        }
        safe
    }

    /// Gives up on what is too long to be held: it is cleaned as it is, and its rest dropped.
    fn overflow(&mut self) -> String {
        if self.held.len() <= INPUT_CAP {
            return String::new();
        }
        self.state = match self.state {
            State::Key => State::DropKey,
            _ => State::DropLine,
        };
        self.take(self.held.len())
    }

    fn drop_until(&mut self, end: &[u8]) -> String {
        let Some(at) = memchr::memmem::find(&self.held, end) else {
            let kept = self.held.len().saturating_sub(end.len());
            self.held.drain(..kept);
            return String::new();
        };
        let is_key = self.state == State::DropKey;
        self.held.drain(..at + if is_key { end.len() } else { 0 });
        if is_key {
            // The rest of the line belongs to the end of the key.
            self.state = State::DropLine;
            return self.drop_until(b"\n");
        }
        self.state = State::Lines;
        self.release()
    }

    /// Takes the first bytes and cleans them.
    fn take(&mut self, length: usize) -> String {
        let rest = self.held.split_off(length);
        let text = std::mem::replace(&mut self.held, rest);
        let text = String::from_utf8(text)
            .unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
        self.redactor.line(self.place, &text).unwrap_or(text)
    }
}

impl Pieces for Stream {
    fn push(&mut self, piece: &str) -> String {
        Self::push(self, piece.as_bytes())
    }

    fn finish(self: Box<Self>) -> String {
        Self::finish(*self)
    }
}

/// Where the line begins that the byte at `at` belongs to.
fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1)
}
