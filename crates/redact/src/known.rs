//! Secrets that this process knows: found wherever they turn up, however they are written.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use parking_lot::RwLock;

use crate::class;
use crate::encodings::{self, WritingKind};
use crate::finder::Syntax;
use crate::json::{self, Strings};
use crate::rule::Rule;
use crate::scope::Scope;
use crate::span::{By, Span};

/// Shortest secret that is kept, in bytes: shorter ones turn up by chance.
pub(crate) const SHORTEST: usize = 8;

/// The secrets, and an automaton over all their writings.
#[derive(Default)]
pub(crate) struct Known {
    any: AtomicBool,
    book: RwLock<Book>,
}

#[derive(Default)]
struct Book {
    secrets: BTreeSet<String>,
    search: Option<Arc<Search>>,
}

struct Search {
    automaton: AhoCorasick,
    kinds: Vec<WritingKind>,
}

impl Known {
    /// Keeps a secret; a short one is not kept. White space around it does not count.
    pub(crate) fn add(&self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < SHORTEST {
            return;
        }
        let mut book = self.book.write();
        if book.secrets.insert(secret.to_owned()) {
            book.search = Some(Arc::new(Search::over(&book.secrets)));
            self.any.store(true, Ordering::Release);
        }
    }

    /// Adds the places of known secrets to `spans`.
    pub(crate) fn find(&self, text: &[u8], syntax: Syntax, spans: &mut Vec<Span>) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let search = self.book.read().search.clone();
        if let Some(search) = search {
            search.find(text, syntax, spans);
        }
    }

    /// Length of the longest writing of a secret that goes over the end of a line.
    pub(crate) fn longest_over_lines(&self) -> usize {
        let book = self.book.read();
        let secrets = book.secrets.iter().filter(|secret| secret.contains('\n'));
        secrets.map(String::len).max().unwrap_or(0)
    }
}

impl Search {
    fn over(secrets: &BTreeSet<String>) -> Self {
        let writings: Vec<_> = secrets
            .iter()
            .flat_map(|secret| encodings::writings(secret))
            .collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(writings.iter().map(|writing| &writing.text))
            .expect("secrets of an environment are far below the limit of an automaton");
        Self {
            automaton,
            kinds: writings.into_iter().map(|writing| writing.kind).collect(),
        }
    }

    fn find(&self, text: &[u8], syntax: Syntax, spans: &mut Vec<Span>) {
        let mut strings = Strings::new(text);
        let mut covered = 0;
        for hit in self.automaton.find_overlapping_iter(text) {
            if hit.end() <= covered {
                continue;
            }
            let place = hit.start()..hit.end();
            let kind = self.kinds[hit.pattern().as_usize()];
            match syntax {
                Syntax::Plain => {
                    let word = whole_word(Scope::plain(text), place, kind);
                    covered = word.end;
                    spans.push(Span::new(word.start, word.end, Rule::Known));
                }
                Syntax::Json => covered = cut_to_leaves(text, &mut strings, place, kind, spans),
            }
        }
    }
}

/// Returns the word of an encoding that `place` is part of.
fn whole_word(scope: Scope<'_>, place: Range<usize>, kind: WritingKind) -> Range<usize> {
    let (class, padding): (class::Class, class::Class) = match kind {
        WritingKind::Exact => return place,
        WritingKind::Base64 => (|b| class::base64(b) && b != b'=', |b| b == b'='),
        WritingKind::Hex => (class::hex, |_| false),
    };
    let end = scope.run_end(place.end, class);
    scope.run_start(place.start, class)..scope.run_end(end, padding)
}

/// Replaces what of `place` lies in strings and numbers, so that a secret that is a piece of JSON itself does
/// not take the syntax with it. Returns where it ended.
fn cut_to_leaves<'t>(
    text: &'t [u8],
    strings: &mut Strings<'t>,
    place: Range<usize>,
    kind: WritingKind,
    spans: &mut Vec<Span>,
) -> usize {
    if let Some(inside) = strings
        .around(place.start)
        .filter(|inside| place.end <= inside.end)
    {
        let word = whole_word(Scope::string(text, &inside), place, kind);
        spans.push(Span::new(word.start, word.end, Rule::Known));
        return word.end;
    }
    let mut ahead = strings.clone();
    let mut next = ahead.current();
    while let Some(inside) = next.filter(|inside| inside.start < place.end) {
        let (start, end) = (inside.start.max(place.start), inside.end.min(place.end));
        if start < end {
            spans.push(Span::new(start, end, Rule::Known));
        }
        next = ahead.next();
    }
    spans.extend(number_around(text, &place));
    place.end
}

/// A number that is a secret, such as a long PIN, is replaced by another number.
fn number_around(text: &[u8], place: &Range<usize>) -> Option<Span> {
    let is_part = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    let start = Scope::plain(text).run_start(place.start, is_part);
    let number = json::number(text, start)?;
    (place.end <= number.end).then(|| Span {
        by: By::Zero,
        ..Span::new(number.start, number.end, Rule::Known)
    })
}
