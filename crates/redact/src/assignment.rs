//! What stands behind the name of a secret in running text: `NAME=value`, `name: value`, `"name": "value"` at
//! any level of nesting, `--name value`, `<name>value</name>`.

use std::ops::Range;

use crate::marker;
use crate::name::Kind;
use crate::scope::Scope;
use crate::walk::{Walk, backslash, blank, line_break, quote, space};

/// Words that stand for a value, or begin an ordinary sentence.
const HARMLESS: [&str; 66] = [
    "a",
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
    "required",
    "reset",
    "see",
    "set",
    "should",
    "str",
    "string",
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

/// How a value is attached to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// By an equals sign, or as the argument behind a flag.
    Tight,
    /// By a colon with a blank, which prose has too.
    Colon,
    /// As the text of an element.
    Element,
}

/// Returns the value that is assigned to the name at `name`, if there is one and it may be a secret.
pub(crate) fn value(scope: Scope<'_>, name: &Range<usize>, kind: Kind) -> Option<Range<usize>> {
    let mut walk = Walk::new(scope, name.end);
    let link = link(&mut walk, scope, name)?;
    walk.skip(blank);
    skip_wrapper(&mut walk, scope);
    let (start, nesting) = (walk.at, walk.skip(backslash));
    if let Some(mark) = walk.peek().filter(|b| quote(*b)) {
        walk.bump();
        return worth(scope, quoted(walk, scope, nesting, mark));
    }
    let walk = Walk::new(scope, start);
    match walk.peek()? {
        b'{' | b'<' => None,
        b'[' if marker::length_at(scope.text, start).is_none() => worth(scope, list(walk, scope)),
        _ => unquoted(walk, scope, link, name, kind),
    }
}

/// Goes past what links a name to its value.
fn link(walk: &mut Walk<'_>, scope: Scope<'_>, name: &Range<usize>) -> Option<Link> {
    if scope.get(name.end) == Some(b'>')
        && name.start.checked_sub(1).and_then(|at| scope.get(at)) == Some(b'<')
    {
        walk.bump();
        return Some(Link::Element);
    }
    walk.skip(backslash);
    if walk.peek().is_some_and(quote) {
        walk.bump();
    }
    walk.take(b']');
    let blanks = walk.skip(blank);
    match walk.peek()? {
        b'=' => {
            walk.skip(|b| b == b'=');
            walk.take(b'>');
            Some(Link::Tight)
        }
        b':' => {
            walk.bump();
            let is_path = walk.peek() == Some(b':');
            let is_url = walk.peek() == Some(b'/') && walk.after().peek() == Some(b'/');
            if is_path || is_url {
                return None;
            }
            let is_spaced = walk.peek().is_some_and(blank);
            let is_tight = walk.take(b'=') || !is_spaced;
            Some(if is_tight { Link::Tight } else { Link::Colon })
        }
        _ => {
            let is_flag = scope.from(name.start).starts_with(b"--");
            (is_flag && blanks > 0).then_some(Link::Tight)
        }
    }
}

/// Goes past `Some(`, as values are printed for programmers.
fn skip_wrapper(walk: &mut Walk<'_>, scope: Scope<'_>) {
    if scope.from(walk.at).starts_with(b"Some(") {
        walk.at += "Some(".len();
    }
}

/// From behind the opening mark to the closing one of the same nesting, or as far as the line goes. A mark of
/// this nesting has `nesting` backslashes in front of it, besides those of escaped backslashes.
fn quoted(mut walk: Walk<'_>, scope: Scope<'_>, nesting: usize, mark: u8) -> Range<usize> {
    let start = walk.at;
    let mut backslashes = 0;
    while let Some(here) = walk.peek() {
        if here == mark && backslashes % (2 * (nesting + 1)) == nesting {
            let each = if scope.escaped { 2 } else { 1 };
            return start..walk.at - nesting * each;
        }
        if line_break(here) {
            break;
        }
        backslashes = if backslash(here) { backslashes + 1 } else { 0 };
        walk.bump();
    }
    start..walk.at
}

/// A list up to its end, or as far as the line goes.
fn list(mut walk: Walk<'_>, scope: Scope<'_>) -> Range<usize> {
    walk.bump();
    let start = walk.at;
    walk.skip(|b| b != b']' && !line_break(b));
    start..walk.at.min(scope.end)
}

fn unquoted(
    walk: Walk<'_>,
    scope: Scope<'_>,
    link: Link,
    name: &Range<usize>,
    kind: Kind,
) -> Option<Range<usize>> {
    let start = walk.at;
    let end = match link {
        Link::Element => start + element_text(scope.from(start)),
        _ if kind.takes_line => line_end(walk, scope, name),
        _ => trimmed(scope, start, word_end(walk)),
    };
    let value = &scope.text[start..end];
    let is_prose = link == Link::Colon && !kind.is_strong && reads_as_prose(value);
    let is_harmless =
        link != Link::Element && (is_prose || is_harmless(value) || is_reference(value));
    if is_harmless || (kind.may_count && value.iter().all(|b| is_numeric(*b))) {
        return None;
    }
    worth(scope, start..end)
}

/// Length of the text of an element, as far as the line goes.
fn element_text(rest: &[u8]) -> usize {
    rest.iter()
        .take_while(|b| **b != b'<' && !line_break(**b))
        .count()
}

/// A header goes to the end of its line, or to the quote that was opened in front of its name.
fn line_end(mut walk: Walk<'_>, scope: Scope<'_>, name: &Range<usize>) -> usize {
    let opened = name
        .start
        .checked_sub(1)
        .and_then(|at| scope.get(at))
        .filter(|b| quote(*b));
    while let Some(here) = walk.peek() {
        let closes = Some(here) == opened;
        let closes_nested = backslash(here) && opened.is_some() && walk.after().peek() == opened;
        if line_break(here) || closes || closes_nested {
            break;
        }
        walk.bump();
    }
    walk.at
}

/// Where a word ends that may hold any mark: at a blank, a closing quote, the next parameter, a tag.
fn word_end(mut walk: Walk<'_>) -> usize {
    while let Some(here) = walk.peek() {
        let next = walk.after();
        let ends = match here {
            b'"' | b'\'' | b'`' => closes(next),
            b'\\' => next.peek().is_some_and(quote) && closes(next.after()),
            b'&' => begins_parameter(next),
            b'<' => next
                .peek()
                .is_some_and(|b| b.is_ascii_alphabetic() || b == b'/' || b == b'!'),
            _ => space(here),
        };
        if ends {
            break;
        }
        walk = next;
    }
    walk.at
}

/// Tells whether a quote that ends before `next` closes what it stands in.
fn closes(next: Walk<'_>) -> bool {
    next.peek().is_none_or(|b| {
        space(b)
            || matches!(
                b,
                b',' | b';' | b':' | b')' | b']' | b'}' | b'/' | b'>' | b'\\'
            )
    })
}

/// Tells whether `name=` follows, or the rest of `&amp;`.
fn begins_parameter(mut walk: Walk<'_>) -> bool {
    let letters = walk.skip(crate::class::name);
    letters > 0 && matches!(walk.peek(), Some(b'=' | b';'))
}

/// Leaves out punctuation of the sentence around a value.
fn trimmed(scope: Scope<'_>, start: usize, end: usize) -> usize {
    let is_mark = |b: &&u8| matches!(**b, b',' | b';' | b')' | b']' | b'}' | b'"' | b'\'' | b'`');
    let value = &scope.text[start..end];
    if marker::length_at(value, 0) == Some(value.len()) {
        return end;
    }
    let without = end - value.iter().rev().take_while(is_mark).count();
    match marker::length_at(scope.text, start) {
        // The bracket belongs to the marker.
        Some(length) if start + length > without => start + length,
        _ => without,
    }
}

/// Leaves out what is empty or replaced already.
fn worth(scope: Scope<'_>, value: Range<usize>) -> Option<Range<usize>> {
    let is_marker = marker::length_at(scope.text, value.start) == Some(value.len());
    (!value.is_empty() && !is_marker).then_some(value)
}

/// Tells whether `value` is made of words as they stand in a sentence: `Expired`, not `aB`.
fn reads_as_prose(value: &[u8]) -> bool {
    let is_mark = |b: &u8| blank(*b) || matches!(b, b'.' | b',' | b'!' | b'?' | b'-' | b'\'');
    let is_word = |word: &[u8]| !word.iter().skip(1).any(u8::is_ascii_uppercase);
    let first = value.split(|b| blank(*b)).next().unwrap_or_default();
    let is_header =
        first.len() < value.len() && SCHEMES.iter().any(|s| first.eq_ignore_ascii_case(s));
    !is_header
        && value.iter().all(|b| b.is_ascii_alphabetic() || is_mark(b))
        && value.split(|b| blank(*b)).all(is_word)
}

fn is_numeric(b: u8) -> bool {
    b.is_ascii_digit() || matches!(b, b'.' | b',' | b'_' | b'%')
}

fn is_harmless(value: &[u8]) -> bool {
    let word = value.strip_suffix(b".").unwrap_or(value);
    let is_row = |marks: &[u8]| value.iter().all(|b| marks.contains(b));
    HARMLESS
        .iter()
        .any(|harmless| word.eq_ignore_ascii_case(harmless.as_bytes()))
        || is_row(b"*")
        || is_row(b".")
}

fn is_reference(value: &[u8]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name;

    /// Returns the value that is found behind the first word of `text`.
    fn found(text: &str) -> Option<&str> {
        let start = text
            .find(|c: char| c.is_ascii_alphabetic() || c == '-')
            .unwrap();
        let scope = Scope::plain(text.as_bytes());
        let name = start..scope.run_end(start, crate::class::name);
        let kind = name::kind_of(&text.as_bytes()[name.clone()]).unwrap();
        value(scope, &name, kind).map(|value| &text[value])
    }

    #[test]
    fn values_end_where_their_writing_ends() {
        for (text, expected) in [
            ("password=hunter2 and more", "hunter2"),
            ("password = hunter2, more", "hunter2"),
            ("password: hunter2\nmore", "hunter2"),
            ("token=a1&next=b", "a1"),
            ("password=p&w x", "p&w"),
            ("password='two words' x", "two words"),
            (r#""password": "two \" words", "x": 1"#, r#"two \" words"#),
            (r#"{\"password\":\"a\\\"b\",\"x\":1}"#, r#"a\\\"b"#),
            (
                "Authorization: Digest a=\"b\", c=d\nHost: x",
                "Digest a=\"b\", c=d",
            ),
            ("\"Authorization: Bearer abc\" https://host", "Bearer abc"),
            ("--token abc123 --verbose", "abc123"),
            ("<password>a b</password>", "a b"),
            ("apiKey => Some(\"abc\")", "abc"),
            ("passphrase: correct horse battery", "correct horse battery"),
            ("tokens: [a, b] c", "a, b"),
            ("secret=abc\"/><next", "abc"),
            ("password=[REDACTED:assignment]x", "[REDACTED:assignment]x"),
        ] {
            assert_eq!(found(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_left_alone() {
        for text in [
            "token: Expired",
            "token::Error",
            "token://host",
            "password: the one you chose",
            "password: string",
            "max_tokens=4096",
            "password=${DB_PASSWORD}",
            "secret=$SECRET",
            "token = process.env.TOKEN",
            "password=****",
            "password is long",
            "password=[REDACTED:assignment], x",
            "secret: {",
            "cookie: made of chocolate",
            "password=\"\"",
            "token=",
            "session: closed by the peer",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
