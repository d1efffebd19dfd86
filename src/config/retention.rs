//! How long things are kept.

use std::fmt;
use std::time::Duration;

use super::key::key;
use super::reader::Reader;

/// How long things are kept. The audit trail is kept for ever; events, nodes and approvals as long as their run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Runs that have ended, from their end.
    pub runs: Age,
}

/// For how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// For ever.
    Never,
    /// At least this long.
    For(Duration),
}

impl Age {
    /// Returns the time after which a thing goes, if it does.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Age::Never => None,
            Age::For(age) => Some(age),
        }
    }
}

/// Units of an age, with their seconds; a day is the largest.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl fmt::Display for Age {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Age::For(age) = self else {
            return out.write_str("never");
        };
        let seconds = age.as_secs();
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| seconds.is_multiple_of(*size))
            .unwrap_or(('s', 1));
        write!(out, "{}{unit}", seconds / size)
    }
}

impl RetentionPolicy {
    pub(super) fn read(reader: &mut Reader<'_>) -> RetentionPolicy {
        reader.section("retention", "How long things are kept.");
        let accepted = "never, or a number of s, m, h or d such as 90d".to_owned();
        RetentionPolicy {
            runs: reader.parsed(
                key(
                    "retention.runs",
                    "SMITHERS_RETENTION_RUNS",
                    "When runs are deleted, counted from their end; held and active runs are not.",
                ),
                Age::Never,
                accepted,
                age,
            ),
        }
    }
}

fn age(text: &str) -> Result<Age, String> {
    if text == "never" {
        return Ok(Age::Never);
    }
    let seconds = UNITS.into_iter().find_map(|(unit, size)| {
        let number = text.strip_suffix(unit)?.parse::<u64>().ok()?;
        number.checked_mul(size)
    });
    match seconds {
        None => Err("is neither never nor a number with a unit".into()),
        Some(0) => Err("is zero, which would delete every run as it ends".into()),
        Some(seconds) => Ok(Age::For(Duration::from_secs(seconds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_back_as_they_are_shown() {
        for text in ["never", "90d", "36h", "5m", "7s"] {
            assert_eq!(age(text).unwrap().to_string(), text);
        }
        assert_eq!(age("48h").unwrap().to_string(), "2d");
    }

    #[test]
    fn what_is_no_age_is_refused() {
        for text in [
            "0d",
            "90",
            "d",
            "1w",
            "-1d",
            "1.5h",
            "99999999999999999999d",
        ] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
