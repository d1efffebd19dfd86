//! Spans of time as people write them: `90s`, `30m`, `4h`, `7d`.

use std::fmt;
use std::time::Duration;

use smithers_tokens::{duration_text, parse_duration};

/// What is accepted, for the reference and for problems.
pub(super) const ACCEPTED: &str = "a number with ms, s, m, h or d, up to 3650d";
/// Longest span: ten years.
const MOST: Duration = Duration::from_secs(3_650 * 24 * 60 * 60);

/// A span of time that is shown as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl Span {
    /// Reads a span.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match parse_duration(text) {
            Ok(span) if span <= MOST => Ok(Self(span)),
            Ok(_) => Err("is out of range".into()),
            Err(_) => Err("is not a span of time".into()),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&duration_text(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_shown_in_its_largest_unit() {
        for (text, shown) in [
            ("250ms", "250ms"),
            ("120s", "2m"),
            ("4h", "4h"),
            ("3650d", "3650d"),
        ] {
            assert_eq!(Span::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn anything_else_and_more_than_ten_years_are_refused() {
        for (text, problem) in [
            ("soon", "is not a span of time"),
            ("0s", "is not a span of time"),
            ("3651d", "is out of range"),
        ] {
            assert_eq!(Span::parse(text), Err(problem.to_owned()), "{text}");
        }
    }
}
