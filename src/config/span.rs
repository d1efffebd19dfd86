//! Spans of time as people write them: `90s`, `30m`, `4h`, `7d`.

use std::fmt;
use std::time::Duration;

/// What is accepted, for the reference and for problems.
pub(super) const ACCEPTED: &str = "a whole number with ms, s, m, h or d, from 1ms to 3650d";
/// Units with their milliseconds, the largest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
/// Longest span, milliseconds: ten years.
const MOST_MS: u64 = 3_650 * 86_400_000;

/// A span of time that is shown as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl Span {
    /// Reads a span.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let end_of_digits = text.find(|char: char| !char.is_ascii_digit());
        let (digits, unit) = text.split_at(end_of_digits.unwrap_or(text.len()));
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let Some((_, unit_ms)) = known.filter(|_| !digits.is_empty()) else {
            return Err("is not a span of time".into());
        };
        let number: Option<u64> = digits.parse().ok();
        let ms = number.and_then(|number| number.checked_mul(*unit_ms));
        match ms.filter(|ms| (1..=MOST_MS).contains(ms)) {
            Some(ms) => Ok(Self(Duration::from_millis(ms))),
            None => Err("is out of range".into()),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = |(_, unit_ms): &&(&str, u64)| ms.is_multiple_of(*unit_ms);
        let (unit, unit_ms) = UNITS.iter().find(fits).unwrap_or(&("ms", 1));
        write!(out, "{}{unit}", ms / unit_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_shown_in_its_largest_unit() {
        for (text, ms, shown) in [
            ("250ms", 250, "250ms"),
            ("90s", 90_000, "90s"),
            ("120s", 120_000, "2m"),
            ("4h", 14_400_000, "4h"),
            ("48h", 172_800_000, "2d"),
            ("3650d", MOST_MS, "3650d"),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!(span.0, Duration::from_millis(ms), "{text}");
            assert_eq!(span.to_string(), shown);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let no_span = Err("is not a span of time".to_owned());
        for text in ["", "h", "4", "4 h", "-4h", "4.5h", "4w", "4H", "4hours"] {
            assert_eq!(Span::parse(text), no_span, "{text:?}");
        }
        for text in ["0s", "3651d", "99999999999999999999d"] {
            assert_eq!(Span::parse(text), Err("is out of range".into()), "{text}");
        }
    }
}
