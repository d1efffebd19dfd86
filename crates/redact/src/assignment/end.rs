//! Where a value ends that begins in running text.

use std::ops::Range;

use crate::marker;
use crate::scope::Scope;
use crate::walk::{Walk, backslash, line_break, quote, space};

/// From behind the opening mark to the closing one of the same nesting, or as far as the line goes. A mark of
/// this nesting has `nesting` backslashes in front of it, besides those of escaped backslashes.
pub(super) fn quoted(
    mut walk: Walk<'_>,
    scope: Scope<'_>,
    nesting: usize,
    mark: u8,
) -> Range<usize> {
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
pub(super) fn list(mut walk: Walk<'_>, scope: Scope<'_>) -> Range<usize> {
    walk.bump();
    let start = walk.at;
    while let Some(here) = walk.peek().filter(|b| *b != b']' && !line_break(*b)) {
        match marker::length_at(scope.text, walk.at) {
            Some(length) if here == b'[' => walk.at += length,
            _ => walk.bump(),
        }
    }
    start..walk.at.min(scope.end)
}

/// Length of the text of an element, if its end is on the same line.
pub(super) fn element_text(rest: &[u8]) -> Option<usize> {
    let text = rest.iter().take_while(|b| **b != b'<' && !line_break(**b));
    let length = text.count();
    rest[length..].starts_with(b"</").then_some(length)
}

/// A header goes to the end of its line, or to the quote that was opened in front of its name.
pub(super) fn line_end(mut walk: Walk<'_>, scope: Scope<'_>, name: &Range<usize>) -> usize {
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
pub(super) fn word_end(mut walk: Walk<'_>) -> usize {
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

/// Where a simple value of an object ends.
pub(super) fn member_end(mut walk: Walk<'_>) -> usize {
    walk.skip(|b| !space(b) && !matches!(b, b',' | b'}' | b']'));
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
pub(super) fn trimmed(scope: Scope<'_>, start: usize, end: usize) -> usize {
    let is_mark = |b: u8| matches!(b, b',' | b';' | b')' | b']' | b'}' | b'"' | b'\'' | b'`');
    // The bracket at the end of a marker belongs to it.
    let least = start + marker::length_at(scope.text, start).unwrap_or(0);
    let mut end = end;
    while end > least && is_mark(scope.text[end - 1]) {
        let is_escaped = scope.escaped && scope.text[end - 1] == b'"';
        end -= if is_escaped { 2 } else { 1 };
    }
    end.max(least)
}
