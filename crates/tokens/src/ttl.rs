//! How long a grant may live.

use std::time::Duration;

use smithers_protocol::scope::{Grants, Scope};

/// The longest lifetime unless configured otherwise.
pub const MAX_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The longest lifetime of a grant that decides approvals or administers runs.
pub const MAX_SENSITIVE_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a lifetime is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TtlError {
    /// Not a duration.
    #[error("a duration is a number with ms, s, m, h or d, and more than zero")]
    Invalid,
    /// Longer than the scopes allow.
    #[error("the lifetime is longer than the {} allowed{why}", duration_text(*limit))]
    TooLong {
        /// The longest.
        limit: Duration,
        /// Why it is not more.
        why: &'static str,
    },
}

impl TtlError {
    /// Returns the code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            TtlError::Invalid => "INVALID_DURATION",
            TtlError::TooLong { .. } => "TTL_TOO_LONG",
        }
    }
}

/// Reads a duration: digits with an optional fraction, then `ms`, `s`, `m`, `h` or `d`; without unit milliseconds.
///
/// # Errors
/// Anything else, and zero.
pub fn parse_duration(text: &str) -> Result<Duration, TtlError> {
    let text = text.trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit_ms = match &text[digits.len()..] {
        "" | "ms" => 1.0,
        "s" => 1e3,
        "m" => 60e3,
        "h" => 3_600e3,
        "d" => 86_400e3,
        _ => return Err(TtlError::Invalid),
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let has_form = match digits.split_once('.') {
        Some((whole, fraction)) => is_number(whole) && is_number(fraction),
        None => is_number(digits),
    };
    let number: f64 = digits.parse().map_err(|_| TtlError::Invalid)?;
    let ms = (number * unit_ms).round();
    // Beyond this a number of milliseconds is no longer exact, and no clock reaches it.
    let is_fine = has_form && (1.0..9e15).contains(&ms);
    is_fine
        .then(|| Duration::from_millis(ms as u64))
        .ok_or(TtlError::Invalid)
}

/// Checks a lifetime against `max` and against what the scopes allow to do.
///
/// # Errors
/// It is too long.
pub fn check_ttl(ttl: Duration, grants: &Grants, max: Duration) -> Result<(), TtlError> {
    let is_sensitive = grants.is_everything()
        || grants.holds(Scope::ApprovalSubmit)
        || grants.holds(Scope::RunAdmin);
    let (limit, why) = if is_sensitive && max > MAX_SENSITIVE_TTL {
        let why = " for tokens with approval:submit, run:admin or *";
        (MAX_SENSITIVE_TTL, why)
    } else {
        (max, "")
    };
    if ttl > limit {
        return Err(TtlError::TooLong { limit, why });
    }
    Ok(())
}

/// Writes a duration in its largest whole unit.
pub fn duration_text(duration: Duration) -> String {
    let ms = duration.as_millis();
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    let whole = units
        .iter()
        .find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    whole.map_or_else(
        || format!("{ms}ms"),
        |(unit, name)| format!("{}{name}", ms / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit_and_are_milliseconds_without_one() {
        for (written, ms) in [
            ("1h", 3_600_000),
            ("1.5h", 5_400_000),
            ("250", 250),
            ("0.6ms", 1),
            (" 15m ", 900_000),
            ("30d", 2_592_000_000),
        ] {
            assert_eq!(
                parse_duration(written),
                Ok(Duration::from_millis(ms)),
                "{written}"
            );
        }
        for written in [
            "",
            "h",
            "0",
            "0s",
            "-1h",
            "+1h",
            "1 h",
            "1e3",
            "1.h",
            ".5h",
            "inf",
            "nan",
            "1w",
            "1h30m",
            "99999999999999999999d",
        ] {
            assert_eq!(parse_duration(written), Err(TtlError::Invalid), "{written}");
        }
    }

    #[test]
    fn what_decides_or_administers_lives_a_day_at_most() {
        let check = |scopes: &[&str], hours: u64, max: Duration| {
            check_ttl(
                Duration::from_secs(hours * 3_600),
                &Grants::parse(scopes),
                max,
            )
        };
        assert_eq!(check(&["run:write"], 24 * 30, MAX_TTL), Ok(()));
        assert!(check(&["run:write"], 24 * 30 + 1, MAX_TTL).is_err());
        for sensitive in ["approval:submit", "run:admin", "*", "admin", "approve"] {
            assert_eq!(check(&[sensitive], 24, MAX_TTL), Ok(()));
            assert!(
                check(&["run:read", sensitive], 25, MAX_TTL).is_err(),
                "{sensitive}"
            );
            let short = Duration::from_secs(3_600);
            assert!(check(&[sensitive], 2, short).is_err(), "{sensitive}");
        }
        let error = check(&["run:read"], 24 * 10_000, MAX_TTL).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the lifetime is longer than the 30d allowed"
        );
    }
}
