//! Values that only stand in the place of a secret: words of prose, references, placeholders.

use crate::walk::blank;

/// Words that stand for a value, or begin an ordinary sentence.
const HARMLESS: [&str; 70] = [
    "a",
    "admin",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "await",
    "be",
    "bool",
    "boolean",
    "but",
    "by",
    "can",
    "empty",
    "enter",
    "expired",
    "false",
    "for",
    "forgot",
    "from",
    "has",
    "if",
    "in",
    "int",
    "invalid",
    "is",
    "it",
    "known",
    "missing",
    "must",
    "never",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "number",
    "object",
    "of",
    "on",
    "optional",
    "or",
    "please",
    "read",
    "required",
    "reset",
    "see",
    "set",
    "should",
    "str",
    "string",
    "submit",
    "text",
    "that",
    "the",
    "this",
    "to",
    "true",
    "undefined",
    "unknown",
    "unset",
    "use",
    "valid",
    "was",
    "with",
    "write",
    "you",
    "your",
];
/// Beginnings of values that only refer to a secret.
const REFERENCES: [&str; 7] = [
    "process.env",
    "os.environ",
    "os.Getenv",
    "std::env",
    "env(",
    "import.meta",
    "secrets.",
];

/// Schemes that begin the value of a header, which then is no prose.
const SCHEMES: [&[u8]; 5] = [b"bearer", b"basic", b"digest", b"negotiate", b"token"];

/// Tells whether `value` is made of words as they stand in a sentence: `Expired`, not `aB`.
pub(super) fn reads_as_prose(value: &[u8]) -> bool {
    let is_mark = |b: &u8| blank(*b) || matches!(b, b'.' | b',' | b'!' | b'?' | b'-' | b'\'');
    let is_word = |word: &[u8]| !word.iter().skip(1).any(u8::is_ascii_uppercase);
    let first = value.split(|b| blank(*b)).next().unwrap_or_default();
    let is_header =
        first.len() < value.len() && SCHEMES.iter().any(|s| first.eq_ignore_ascii_case(s));
    !is_header
        && value.iter().all(|b| b.is_ascii_alphabetic() || is_mark(b))
        && value.split(|b| blank(*b)).all(is_word)
}

/// Tells whether `value` is a word that is no secret, or asterisks in place of one.
pub(super) fn is_harmless(value: &[u8]) -> bool {
    let word = value.strip_suffix(b".").unwrap_or(value);
    let is_row = |marks: &[u8]| value.iter().all(|b| marks.contains(b));
    HARMLESS
        .iter()
        .any(|harmless| word.eq_ignore_ascii_case(harmless.as_bytes()))
        || is_row(b"*")
        || is_row(b".")
}

/// Tells whether `value` names the place where a secret is.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let is_variable = |name: &[u8]| {
        let is_capital = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
        !name.is_empty() && name.iter().all(is_capital)
    };
    value.starts_with(b"${")
        || value.strip_prefix(b"$").is_some_and(is_variable)
        || REFERENCES
            .iter()
            .any(|reference| value.starts_with(reference.as_bytes()))
}

/// Tells whether `value` is written `<like this>`.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    value.starts_with(b"<") && value.ends_with(b">")
}

/// Tells whether `value` is a number.
pub(super) fn is_number(value: &[u8]) -> bool {
    let is_part =
        |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b',' | b'_' | b'%');
    value.iter().all(is_part)
}
