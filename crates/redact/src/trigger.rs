//! The places to look at: one automaton over everything that can betray a secret, in any case of letters.
//! What it finds is looked at closely by whoever knows the format.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::auth::Scheme;
use crate::encoded::{BEGINNINGS, Coding};
use crate::encodings;
use crate::provider::FORMATS;
use crate::url;

/// Why a place is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// The prefix of the format with this number.
    Format(usize),
    /// The name of a scheme of HTTP authentication.
    Auth(Scheme),
    /// The slashes in front of a host.
    Url(url::Writing),
    /// Part of the name of a secret.
    Name,
    /// The beginning of a secret, encoded; letters count in their case.
    Encoded(Coding),
    /// An escape of JSON that may hide letters.
    Escape,
}

/// Parts of names; every name that counts holds one. `key` alone is none, its kind stands before it.
const NAMES: [&str; 15] = [
    "authoriz",
    "cookie",
    "passphrase",
    "passw",
    "passcode",
    "key",
    "credential",
    "secret",
    "token",
    "connection",
    "pwd",
    "otp",
    "pin",
    "mfa",
    "dsn",
];

/// The automaton with what each of its patterns stands for.
pub(crate) struct Triggers {
    pub(crate) automaton: AhoCorasick,
    patterns: Vec<(Vec<u8>, Trigger)>,
}

/// The triggers of this build.
pub(crate) static TRIGGERS: LazyLock<Triggers> = LazyLock::new(|| {
    let mut patterns: Vec<(Vec<u8>, Trigger)> = Vec::new();
    for (number, format) in FORMATS.iter().enumerate() {
        patterns.push((format.prefix.into(), Trigger::Format(number)));
    }
    patterns.push(("bearer".into(), Trigger::Auth(Scheme::Bearer)));
    patterns.push(("basic".into(), Trigger::Auth(Scheme::Basic)));
    for (slashes, writing) in [
        ("://", url::Writing::Plain),
        (":\\/\\/", url::Writing::Plain),
        ("%3a%2f%2f", url::Writing::Percent),
    ] {
        patterns.push((slashes.into(), Trigger::Url(writing)));
    }
    patterns.extend(NAMES.map(|name| (name.into(), Trigger::Name)));
    patterns.push(("session".into(), Trigger::Name));
    patterns.push(("\\u00".into(), Trigger::Escape));
    for beginning in BEGINNINGS {
        patterns.extend(encoded(beginning));
    }
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(patterns.iter().map(|(text, _)| text))
        .expect("the patterns are a few kilobytes");
    Triggers {
        automaton,
        patterns,
    }
});

fn encoded(beginning: &str) -> Vec<(Vec<u8>, Trigger)> {
    let mut list = Vec::new();
    for offset in 0..3 {
        let [standard, url_safe] = encodings::base64_at(beginning.as_bytes(), offset);
        let is_same = standard == url_safe;
        let both = [Some(standard), (!is_same).then_some(url_safe)];
        for (text, phase) in both.into_iter().flatten() {
            list.push((
                text.into_bytes(),
                Trigger::Encoded(Coding::Base64 { phase }),
            ));
        }
    }
    let hex = beginning.bytes().map(|byte| format!("{byte:02x}"));
    list.push((
        hex.collect::<String>().into_bytes(),
        Trigger::Encoded(Coding::Hex),
    ));
    list
}

impl Triggers {
    /// What the pattern with this number is looked at for, if it stands at `text` as it must: letters of
    /// base64 in their case.
    pub(crate) fn of(&self, pattern: usize, text: &[u8]) -> Option<Trigger> {
        let (wanted, trigger) = &self.patterns[pattern];
        let counts_case = matches!(trigger, Trigger::Encoded(Coding::Base64 { .. }));
        (!counts_case || wanted == text).then_some(*trigger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trigger_is_so_short_that_it_turns_up_everywhere() {
        for (text, _) in &TRIGGERS.patterns {
            assert!(text.len() >= 3, "{}", String::from_utf8_lossy(text));
        }
    }
}
