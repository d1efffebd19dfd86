//! Secrets that give themselves away by their format, inside words of base64 or hexadecimal digits.

use std::ops::Range;

use crate::class;
use crate::encodings;
use crate::scope::Scope;

/// How a word is encoded, as its trigger tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Base64; the trigger begins at this character of a group of four.
    Base64 { phase: usize },
    /// Hexadecimal digits.
    Hex,
}

/// Beginnings of secrets that are looked for in encoded words. Long enough not to turn up by chance.
pub(crate) const BEGINNINGS: [&str; 31] = [
    "sk-",
    "hf_",
    "SG.",
    "smithers_",
    "-----BEGIN",
    "github_pat_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "glpat-",
    "AKIA",
    "ASIA",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "AIza",
    "ya29.",
    "npm_",
    "pypi-",
    "sk-ant-",
    "sk-proj-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "eyJhbGci",
    "eyJ0eXAi",
];

/// Which words were decoded in vain, one entry for each way to cut a word into groups.
#[derive(Debug, Default)]
pub(crate) struct Memo([usize; 6]);

impl Coding {
    /// Returns the encoded word around the trigger at `at` if `is_secret` holds for what it means.
    pub(crate) fn word(
        self,
        scope: Scope<'_>,
        at: usize,
        memo: &mut Memo,
        is_secret: impl FnOnce(&[u8]) -> bool,
    ) -> Option<Range<usize>> {
        let (group, slot) = match self {
            Coding::Base64 { phase } => (at.checked_sub(phase)?, at.checked_sub(phase)? % 4),
            Coding::Hex => (at, 4 + at % 2),
        };
        if at < memo.0[slot] {
            return None;
        }
        let word = self.run(scope, at);
        if group < word.start {
            return None;
        }
        let size = if self == Coding::Hex { 2 } else { 4 };
        let first = group - (group - word.start) / size * size;
        let text = &scope.text[first..word.end];
        let meaning = match self {
            Coding::Base64 { .. } => encodings::from_base64(text),
            Coding::Hex => encodings::from_hex(text),
        };
        if is_secret(&meaning) {
            return Some(word);
        }
        memo.0[slot] = word.end;
        None
    }

    /// The whole word around `at`.
    fn run(self, scope: Scope<'_>, at: usize) -> Range<usize> {
        match self {
            Coding::Base64 { .. } => {
                let start = scope.run_start(at, |b| class::base64(b) && b != b'=');
                start..scope.run_end(at, class::base64)
            }
            Coding::Hex => scope.run_start(at, class::hex)..scope.run_end(at, class::hex),
        }
    }
}
