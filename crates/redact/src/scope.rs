//! The part of a text in which a secret can lie: the whole of a plain text, or one string of a JSON document.

use std::ops::Range;

use crate::class::Class;

/// Longest escape, without what begins it.
const LONGEST_ESCAPE: usize = 10;

/// Bytes `start..end` of `text`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'t> {
    /// The whole text; offsets count from its beginning.
    pub(crate) text: &'t [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether characters are escaped as in a string of JSON.
    pub(crate) escaped: bool,
}

impl<'t> Scope<'t> {
    /// The whole of a plain text.
    pub(crate) fn plain(text: &'t [u8]) -> Self {
        Self {
            text,
            start: 0,
            end: text.len(),
            escaped: false,
        }
    }

    /// The inside of a string of a JSON document.
    pub(crate) fn string(text: &'t [u8], inside: &Range<usize>) -> Self {
        Self {
            text,
            start: inside.start,
            end: inside.end,
            escaped: true,
        }
    }

    /// The byte at `at`, if it is inside.
    pub(crate) fn get(&self, at: usize) -> Option<u8> {
        (self.start <= at && at < self.end).then(|| self.text[at])
    }

    /// What follows `at` inside.
    pub(crate) fn from(&self, at: usize) -> &'t [u8] {
        &self.text[at.min(self.end)..self.end]
    }

    /// Where the run of `class` that begins at `at` ends.
    pub(crate) fn run_end(&self, at: usize, class: Class) -> usize {
        at + self.from(at).iter().take_while(|b| class(**b)).count()
    }

    /// Where the run of `class` that ends before `at` begins. The letter of an escape such as `\n` is no part
    /// of it.
    pub(crate) fn run_start(&self, at: usize, class: Class) -> usize {
        let before = &self.text[self.start..at];
        let start = at - before.iter().rev().take_while(|b| class(**b)).count();
        (start + self.escape_before(start)).min(at)
    }

    /// How many of the bytes at `start` belong to an escape that begins in front of it: `\n`, `\u001b`, `%20`, or
    /// the colour of a terminal.
    fn escape_before(&self, start: usize) -> usize {
        let before = start.checked_sub(1).and_then(|at| self.get(at));
        let digits = |n: usize| {
            let digits = self.from(start + 1).get(..n);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        };
        match (before, self.get(start)) {
            (Some(b'\\'), Some(b'n' | b'r' | b't' | b'b' | b'f')) => 1,
            (Some(b'\\'), Some(b'u')) if digits(4) => 5,
            (Some(b'%'), Some(b)) if b.is_ascii_hexdigit() && digits(1) => 2,
            (Some(b'['), Some(_)) => self.colour(start).unwrap_or(0),
            _ => 0,
        }
    }

    /// Length of the numbers and the letter `m` at `start`, if they set a colour: `\x1b[` stands before them.
    fn colour(&self, start: usize) -> Option<usize> {
        let before = &self.text[self.start..start];
        let begins = ["\u{1b}[", "\\u001b[", "\\u001B[", "\\x1b["];
        let is_begun = begins
            .iter()
            .any(|begin| before.ends_with(begin.as_bytes()));
        let numbers = self.from(start).iter().take(LONGEST_ESCAPE);
        let length = numbers
            .take_while(|b| b.is_ascii_digit() || **b == b';')
            .count();
        (is_begun && self.get(start + length) == Some(b'm')).then_some(length + 1)
    }

    /// Where the colours end that are set at `at`, if any are.
    pub(crate) fn skip_colours(&self, at: usize) -> usize {
        let mut at = at;
        while let Some(open) = self
            .from(at)
            .iter()
            .take(LONGEST_ESCAPE)
            .position(|b| *b == b'[')
        {
            let is_only_escape = matches!(open, 1 | 4 | 6);
            match self.colour(at + open + 1) {
                Some(length) if is_only_escape => at += open + 1 + length,
                _ => break,
            }
        }
        at
    }

    /// Tells whether a word can begin at `at`: no letter or digit stands before it, or only one that ends an
    /// escape.
    pub(crate) fn starts_word(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|at| self.get(at)) else {
            return true;
        };
        let ends_escape = |length: usize| {
            let start = at.checked_sub(length).filter(|start| *start > self.start);
            start.is_some_and(|start| self.escape_before(start) == length)
        };
        !before.is_ascii_alphanumeric() || (1..=LONGEST_ESCAPE).any(ends_escape)
    }

    /// Tells whether a word can end before `at`.
    pub(crate) fn ends_word(&self, at: usize) -> bool {
        self.get(at)
            .is_none_or(|b| !b.is_ascii_alphanumeric() && b != b'_')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class;

    #[test]
    fn words_begin_behind_escapes_but_not_behind_letters() {
        for (text, word) in [
            (r"a\nkey", 3),
            (r"a\u001bkey", 7),
            ("a%20key", 4),
            ("\u{1b}[1;31mkey", 7),
            (r"\u001b[2mkey", 9),
            ("a key", 2),
            ("key", 0),
            ("a_key", 2),
        ] {
            let scope = Scope::plain(text.as_bytes());
            assert!(scope.starts_word(word), "{text}");
        }
        assert!(!Scope::plain(b"monkey").starts_word(3));
    }

    #[test]
    fn a_run_leaves_the_letter_of_an_escape_out() {
        let text = br"x\npin_code: 1";
        let scope = Scope::plain(text);
        assert_eq!(scope.run_start(5, class::name), 3);
        assert_eq!(scope.run_end(5, class::name), 11);
    }
}
