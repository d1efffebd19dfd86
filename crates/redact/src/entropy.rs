//! Long random words next to the name of a secret.

use std::ops::Range;

use crate::class;
use crate::marker;
use crate::scope::Scope;
use crate::walk::line_break;

/// Shortest word that counts.
const SHORTEST: usize = 20;
/// Words that are looked at on each side of a name.
const WORDS: usize = 4;
/// Bytes within which those words begin, or end.
const NEAR: usize = 80;
/// Least Shannon entropy of a random word, bits per character.
const RANDOM_BITS: f64 = 3.5;

/// Tells whether `word` looks random: a long hexadecimal number, or capitals, small letters and digits in a muddle
/// in which hardly three of a kind stand together.
pub(crate) fn is_random(word: &[u8]) -> bool {
    if word.len() < SHORTEST || !class::has_digit(word) {
        return false;
    }
    if word.len() >= 32 && word.iter().all(|b| class::hex(*b)) {
        return class::changes(word) >= 4;
    }
    let (words, numbers) = class::words(word);
    let is_muddle = 3 * words > word.len() || (numbers >= 3 && 4 * words > word.len());
    let has = |class: fn(&u8) -> bool| word.iter().any(class);
    is_muddle
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && bits(word) >= RANDOM_BITS
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of bytes stay far below 2^52"
)]
fn bits(word: &[u8]) -> f64 {
    let mut counts = [0_usize; 256];
    for byte in word {
        counts[usize::from(*byte)] += 1;
    }
    let total = word.len() as f64;
    let share = |count: &usize| *count as f64 / total;
    let counts = counts.iter().filter(|count| **count > 0);
    counts
        .map(|count| -share(count) * share(count).log2())
        .sum()
}

/// Calls `found` with the random words on both sides of the name at `name`. Looks no further than a few words,
/// the line and the next marker, so that a second pass sees no more than the first.
pub(crate) fn around(scope: Scope<'_>, name: &Range<usize>, mut found: impl FnMut(Range<usize>)) {
    let mut at = name.end;
    for _ in 0..WORDS {
        let Some(word) = word_after(scope, at, name.end + NEAR) else {
            break;
        };
        at = word.end;
        if is_random(&scope.text[word.clone()]) {
            found(word);
        }
    }
    let mut at = name.start;
    for _ in 0..WORDS {
        let Some(word) = word_before(scope, at, name.start.saturating_sub(NEAR)) else {
            break;
        };
        at = word.start;
        if is_random(&scope.text[word.clone()]) {
            found(word);
        }
    }
}

fn word_after(scope: Scope<'_>, from: usize, limit: usize) -> Option<Range<usize>> {
    let mut at = from;
    while at < limit {
        let byte = scope.get(at)?;
        let is_escaped_break = scope.escaped && scope.from(at).starts_with(b"\\n");
        if line_break(byte) || is_escaped_break || marker::length_at(scope.text, at).is_some() {
            return None;
        }
        if class::base64(byte) {
            return Some(at..scope.run_end(at, class::base64));
        }
        at += 1;
    }
    None
}

fn word_before(scope: Scope<'_>, from: usize, limit: usize) -> Option<Range<usize>> {
    let mut end = from;
    while end > limit {
        let byte = scope.get(end - 1)?;
        let is_marker = byte == b']' && marker::start_before(scope.text, end).is_some();
        if line_break(byte) || is_marker {
            return None;
        }
        if class::base64(byte) {
            let start = scope.run_start(end, class::base64);
            // An escape such as \n ends the line.
            return (start < end).then_some(start..end);
        }
        end -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_words_are_told_from_names_and_paths() {
        for word in [
            "q7Xb2LpV9tZr4KwM8nYc",
            "0f3a9c1e7b2d4f6a8c0e1b3d5f7a9c2e",
            "dGhpc0lzQVNlY3JldDEyMzQ1Njc4OQ==",
        ] {
            assert!(is_random(word.as_bytes()), "{word}");
        }
        for word in [
            "getUserByIdFromDatabaseV2",
            "src/auth/tokens/v2/Handler3Impl",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "12345678901234567890",
            "550e8400-e29b-41d4-a716-446655440000",
            "the-quick-brown-fox-jumps-2",
            "short1A",
        ] {
            assert!(!is_random(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn both_sides_of_a_name_are_looked_at_but_not_past_the_line() {
        let words = |text: &str| {
            let start = text.find("token").unwrap();
            let mut words = Vec::new();
            let scope = Scope::plain(text.as_bytes());
            around(scope, &(start..start + 5), |word| {
                words.push(text[word].to_owned())
            });
            words
        };
        let random = "q7Xb2LpV9tZr4KwM8nYc";
        assert_eq!(words(&format!("the token is {random}.")), [random]);
        assert_eq!(words(&format!("{random} is the token")), [random]);
        assert!(words(&format!("the token\n{random}")).is_empty());
        assert!(words(&format!("the token [REDACTED:github] {random}")).is_empty());
    }
}
