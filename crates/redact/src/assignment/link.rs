//! How a value is attached to its name.

use std::ops::Range;

use crate::scope::Scope;
use crate::walk::{Walk, backslash, blank, quote};

/// How a value is attached to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// By an equals sign or a colon, or as the argument behind a flag.
    Tight,
    /// By a colon with a blank, which prose has too.
    Colon,
    /// As the member of an object: the name is in quotes.
    Member,
    /// As the text of an element.
    Element,
}

/// Goes past what links the name at `name` to its value.
pub(super) fn go_past(walk: &mut Walk<'_>, scope: Scope<'_>, name: &Range<usize>) -> Option<Link> {
    let before = name.start.checked_sub(1).and_then(|at| scope.get(at));
    if before == Some(b'<') && walk.take(b'>') {
        return Some(Link::Element);
    }
    if scope.from(name.start).starts_with(b"--") && walk.skip(blank) > 0 {
        let is_value = !matches!(walk.peek()?, b'-' | b'=');
        return is_value.then_some(Link::Tight);
    }
    walk.skip(backslash);
    let is_quoted = walk.peek().is_some_and(quote);
    if is_quoted {
        walk.bump();
    }
    walk.take(b']');
    walk.at = scope.skip_colours(walk.at);
    walk.skip(blank);
    if walk.take(b'=') {
        walk.skip(|b| b == b'=');
        walk.take(b'>');
        return Some(Link::Tight);
    }
    let is_colon = walk.take(b':') && !goes_on(*walk);
    is_colon.then(|| match walk.peek() {
        _ if is_quoted => Link::Member,
        Some(b) if blank(b) => Link::Colon,
        _ => {
            walk.take(b'=');
            Link::Tight
        }
    })
}

/// Tells whether the colon is one of `a::b` or of `a://b`.
fn goes_on(walk: Walk<'_>) -> bool {
    walk.peek() == Some(b':') || (walk.peek() == Some(b'/') && walk.after().peek() == Some(b'/'))
}
