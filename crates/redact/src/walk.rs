//! Goes through a scope character by character, seeing through the escapes of JSON.

use crate::scope::Scope;

/// A place in a scope. Bytes beyond ASCII stand for themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<'t> {
    scope: Scope<'t>,
    /// Offset in the text.
    pub(crate) at: usize,
}

impl<'t> Walk<'t> {
    pub(crate) fn new(scope: Scope<'t>, at: usize) -> Self {
        Self { scope, at }
    }

    /// The character here and how many bytes it takes.
    fn here(&self) -> Option<(u8, usize)> {
        let byte = self.scope.get(self.at)?;
        if byte != b'\\' || !self.scope.escaped {
            return Some((byte, 1));
        }
        Some(match self.scope.get(self.at + 1) {
            Some(b'n') => (b'\n', 2),
            Some(b'r') => (b'\r', 2),
            Some(b't') => (b'\t', 2),
            Some(b'b' | b'f') => (b' ', 2),
            // Control characters, halves of pairs: nothing that words are made of.
            Some(b'u') => (0x80, 6.min(self.scope.end - self.at)),
            Some(other) => (other, 2),
            None => (b'\\', 1),
        })
    }

    /// The character here.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.here().map(|(character, _)| character)
    }

    /// The characters that follow the one here.
    pub(crate) fn after(&self) -> Walk<'t> {
        let mut next = *self;
        next.bump();
        next
    }

    /// Goes on by one character.
    pub(crate) fn bump(&mut self) {
        if let Some((_, length)) = self.here() {
            self.at += length;
        }
    }

    /// Goes on if `wanted` is here.
    pub(crate) fn take(&mut self, wanted: u8) -> bool {
        let is_here = self.peek() == Some(wanted);
        if is_here {
            self.bump();
        }
        is_here
    }

    /// Goes on while `class` holds; returns by how many characters.
    pub(crate) fn skip(&mut self, class: fn(u8) -> bool) -> usize {
        let mut count = 0;
        while self.peek().is_some_and(class) {
            self.bump();
            count += 1;
        }
        count
    }
}

/// Blanks within a line.
pub(crate) fn blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// Blanks and the end of a line.
pub(crate) fn space(b: u8) -> bool {
    b.is_ascii_whitespace()
}

/// The end of a line.
pub(crate) fn line_break(b: u8) -> bool {
    b == b'\n' || b == b'\r'
}

/// Quotes that enclose a value.
pub(crate) fn quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'' | b'`')
}

/// The backslash of a nested level.
pub(crate) fn backslash(b: u8) -> bool {
    b == b'\\'
}
