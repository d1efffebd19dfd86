//! Stretches of a text that are replaced.

use crate::marker;
use crate::rule::Rule;

/// Bytes that are replaced as a whole. Begins and ends between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: Rule,
    /// What takes their place.
    pub(crate) by: By,
}

/// What takes the place of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The marker of the rule.
    Marker,
    /// The number 0, because a number stood there.
    Zero,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize, rule: Rule) -> Self {
        Self {
            start,
            end,
            rule,
            by: By::Marker,
        }
    }

    /// Takes in a span that begins inside this one. The more certain rule gives its name.
    fn take_in(&mut self, other: Span) {
        self.end = self.end.max(other.end);
        if other.rule.is_certain() && !self.rule.is_certain() {
            self.rule = other.rule;
        }
    }
}

/// Brings spans into order and makes one of those that overlap.
pub(crate) fn merge(spans: &mut Vec<Span>) {
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut merged = 0;
    for next in 1..spans.len() {
        let span = spans[next];
        if span.start < spans[merged].end {
            spans[merged].take_in(span);
        } else {
            merged += 1;
            spans[merged] = span;
        }
    }
    spans.truncate(merged + 1);
}

/// Returns `text` with `spans`, which are in order and apart, replaced.
pub(crate) fn replace(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len() + 16 * spans.len());
    let mut copied = 0;
    for span in spans {
        out.push_str(&text[copied..span.start]);
        match span.by {
            By::Marker => marker::push(&mut out, span.rule),
            By::Zero => out.push('0'),
        }
        copied = span.end;
    }
    out.push_str(&text[copied..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_become_one_with_the_certain_name() {
        let mut spans = vec![
            Span::new(6, 9, Rule::Github),
            Span::new(0, 2, Rule::Member),
            Span::new(4, 8, Rule::Assignment),
        ];
        merge(&mut spans);
        let expected = [Span::new(0, 2, Rule::Member), Span::new(4, 9, Rule::Github)];
        assert_eq!(spans, expected);
        assert_eq!(
            replace("0123456789", &spans),
            "[REDACTED:member]23[REDACTED:github]9"
        );
    }
}
