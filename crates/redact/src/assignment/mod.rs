//! What stands behind the name of a secret in running text: `NAME=value`, `name: value`, `"name": "value"` at
//! any level of nesting, `--name value`, `<name>value</name>`.

mod end;
mod harmless;
mod link;

use std::ops::Range;

use crate::marker;
use crate::name::Kind;
use crate::scope::Scope;
use crate::span::By;
use crate::walk::{Walk, backslash, blank, quote};
use link::Link;

/// Returns the value that is assigned to the name at `name`, and what takes its place, if there is one and it
/// may be a secret.
pub(crate) fn value(
    scope: Scope<'_>,
    name: &Range<usize>,
    kind: Kind,
) -> Option<(Range<usize>, By)> {
    let mut walk = Walk::new(scope, name.end);
    let link = link::go_past(&mut walk, scope, name)?;
    walk.skip(blank);
    walk.at = scope.skip_colours(walk.at);
    if scope.from(walk.at).starts_with(b"Some(") {
        // As values are printed for programmers.
        walk.at += b"Some(".len();
    }
    let (start, nesting) = (walk.at, walk.skip(backslash));
    let value = match walk.peek().filter(|b| quote(*b)) {
        Some(mark) => {
            walk.bump();
            let value = end::quoted(walk, scope, nesting, mark);
            let is_placeholder = harmless::is_placeholder(&scope.text[value.clone()]);
            (!is_placeholder).then_some((value, By::Marker))
        }
        None => unquoted(Walk::new(scope, start), scope, link, name, kind),
    };
    value.filter(|(place, _)| is_worth(scope, place))
}

fn unquoted(
    walk: Walk<'_>,
    scope: Scope<'_>,
    link: Link,
    name: &Range<usize>,
    kind: Kind,
) -> Option<(Range<usize>, By)> {
    let start = walk.at;
    match walk.peek()? {
        b'{' | b'<' => return None,
        b'[' if marker::length_at(scope.text, start).is_none() => {
            return Some((end::list(walk, scope), By::Marker));
        }
        _ => {}
    }
    // What was replaced already may be part of a longer value.
    let mut walk = walk;
    walk.at += marker::length_at(scope.text, start).unwrap_or(0);
    let end = match link {
        Link::Element => start + end::element_text(scope.from(start))?,
        Link::Member => end::member_end(walk),
        _ if kind.takes_line => end::line_end(walk, scope, name),
        _ => end::trimmed(scope, start, end::word_end(walk)),
    };
    let value = &scope.text[start..end];
    let is_prose = link == Link::Colon && !kind.is_strong && harmless::reads_as_prose(value);
    let only_stands_for_one =
        is_prose || harmless::is_harmless(value) || harmless::is_reference(value);
    if only_stands_for_one && link != Link::Element {
        return None;
    }
    let is_number = harmless::is_number(value);
    match link {
        Link::Member if is_number => kind.takes_number.then_some((start..end, By::Zero)),
        _ if is_number && kind.may_count => None,
        _ => Some((start..end, By::Marker)),
    }
}

/// Leaves out what is empty or replaced already.
fn is_worth(scope: Scope<'_>, place: &Range<usize>) -> bool {
    let is_marker = marker::length_at(scope.text, place.start) == Some(place.len());
    !place.is_empty() && !is_marker && scope.text[place.clone()] != *b"0"
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
        value(scope, &name, kind).map(|(value, _)| &text[value])
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
            (r#"\"pin\":1234,\"x\":false"#, "1234"),
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
            r#"\"session\":null,\"x\":false"#,
            r#"\"token\":12,\"x\":false"#,
            "--session -- next",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
