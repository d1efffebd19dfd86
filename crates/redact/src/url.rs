//! Users with passwords in front of hosts: `scheme://user:password@host`.

use std::ops::Range;

use crate::class;
use crate::marker;
use crate::scope::Scope;
use crate::walk::space;

/// How the characters of an address are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// As they are, or with `\/` for slashes.
    Plain,
    /// Percent-encoded.
    Percent,
}

/// Returns the user and password behind `://`, which ends at `start`.
pub(crate) fn user(scope: Scope<'_>, start: usize, writing: Writing) -> Option<Range<usize>> {
    if marker::length_at(scope.text, start).is_some() {
        return None;
    }
    let rest = scope.from(start);
    let is_part = |at: &usize| match writing {
        Writing::Percent if rest[*at] == b'%' => !ends_encoded(&rest[*at..]),
        _ => !ends_authority(rest[*at]),
    };
    let length = (0..rest.len()).take_while(is_part).count();
    let authority = &rest[..length];
    let (at, colon): (&[u8], &[u8]) = match writing {
        Writing::Plain => (b"@", b":"),
        Writing::Percent => (b"%40", b"%3A"),
    };
    let end = memchr::memmem::rfind(authority, at)?;
    let user = &authority[..end];
    let colon = find_ignoring_case(user, colon);
    let has_password = colon.is_some_and(|(_, behind)| behind < user.len());
    let is_token = user.len() >= 16 && class::has_digit(user) && class::changes(user) >= 4;
    (has_password || is_token).then_some(start..start + end)
}

/// Returns the password in the address `text`, as it is written there.
pub(crate) fn password(text: &str) -> Option<&str> {
    let start = text.find("://")? + "://".len();
    let user = user(Scope::plain(text.as_bytes()), start, Writing::Plain)?;
    let (_, password) = text[user].split_once(':')?;
    Some(password)
}

fn ends_authority(b: u8) -> bool {
    space(b)
        || matches!(
            b,
            b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\'
        )
}

/// Tells whether an encoded slash, question mark, hash, blank or quote comes.
fn ends_encoded(rest: &[u8]) -> bool {
    let ends = [b"%2f", b"%3f", b"%23", b"%20", b"%22"];
    let code = rest.get(..3);
    code.is_some_and(|code| ends.iter().any(|end| code.eq_ignore_ascii_case(*end)))
}

/// Returns where `wanted` begins and ends.
fn find_ignoring_case(text: &[u8], wanted: &[u8]) -> Option<(usize, usize)> {
    let start = text
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted))?;
    Some((start, start + wanted.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, writing: Writing) -> Option<&str> {
        let opening = match writing {
            Writing::Plain => "://",
            Writing::Percent => "%3A%2F%2F",
        };
        let start = text.find(opening).unwrap() + opening.len();
        user(Scope::plain(text.as_bytes()), start, writing).map(|user| &text[user])
    }

    #[test]
    fn passwords_and_tokens_in_front_of_hosts_are_found() {
        for (text, expected) in [
            ("postgres://bob:hunter2@db:5432/x", "bob:hunter2"),
            ("redis://:hunter2@cache", ":hunter2"),
            ("amqp://a:b@c:d@host/v", "a:b@c:d"),
            ("https://0a1B2c3D4e5F6g7H@host", "0a1B2c3D4e5F6g7H"),
        ] {
            assert_eq!(found(text, Writing::Plain), Some(expected), "{text}");
        }
        let encoded = "u=postgres%3A%2F%2Fbob%3Ahunter2%40db";
        assert_eq!(found(encoded, Writing::Percent), Some("bob%3Ahunter2"));
    }

    #[test]
    fn a_password_is_taken_out_of_an_address() {
        assert_eq!(password("postgres://bob:hunter2:x@db/x"), Some("hunter2:x"));
        assert_eq!(password("https://example.org"), None);
    }

    #[test]
    fn addresses_without_passwords_stay() {
        for text in [
            "https://example.org:8080/a@b",
            "ssh://git@example.org/x",
            "https://[REDACTED:url-user]@host",
            "https://user:@host",
            "http://localhost:7331",
        ] {
            assert_eq!(found(text, Writing::Plain), None, "{text}");
        }
    }
}
