//! Points in time and durations as people read them; programs get milliseconds.

use std::time::Duration;

use smithers_actors::clock::SystemClock;
use smithers_model::Timestamp;
use smithers_model::time::Clock;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The time of this machine.
pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// How long ago `then` was, such as `3 min ago`. A clock that runs behind the gateway's sees the future as now.
pub(super) fn ago(then: i64, now: Timestamp) -> String {
    let elapsed = u64::try_from(now.0.saturating_sub(then)).unwrap_or(0);
    match elapsed {
        0..SECOND => "now".into(),
        elapsed => format!("{} ago", one_unit(elapsed)),
    }
}

/// How far off `then` is, such as `in 3 min`; what is over is due now.
pub(super) fn until(then: i64, now: Timestamp) -> String {
    let left = u64::try_from(then.saturating_sub(now.0)).unwrap_or(0);
    match left {
        0..SECOND => "now".into(),
        left => format!("in {}", one_unit(left)),
    }
}

fn one_unit(milliseconds: u64) -> String {
    let (unit, name) = match milliseconds {
        0..MINUTE => (SECOND, "s"),
        MINUTE..HOUR => (MINUTE, "min"),
        HOUR..DAY => (HOUR, "h"),
        _ => (DAY, "d"),
    };
    format!("{} {name}", milliseconds / unit)
}

/// Date and time in UTC with how long ago that was, such as `2026-01-31 12:00:00Z (3 min ago)`.
pub(super) fn at(then: i64, now: Timestamp) -> String {
    let iso = Timestamp(then).to_iso();
    let seconds = iso.split('.').next().unwrap_or(&iso).replacen('T', " ", 1);
    format!("{seconds}Z ({})", ago(then, now))
}

/// A duration in its two largest units, such as `1.2 s` or `3 min 20 s`.
pub(super) fn took(milliseconds: i64) -> String {
    let ms = u64::try_from(milliseconds).unwrap_or(0);
    let two = |large: u64, large_name: &str, small: u64, small_name: &str| match ms % large / small
    {
        0 => format!("{} {large_name}", ms / large),
        rest => format!("{} {large_name} {rest} {small_name}", ms / large),
    };
    match ms {
        0..SECOND => format!("{ms} ms"),
        SECOND..MINUTE => format!("{}.{} s", ms / SECOND, ms % SECOND / 100),
        MINUTE..HOUR => two(MINUTE, "min", SECOND, "s"),
        HOUR..DAY => two(HOUR, "h", MINUTE, "min"),
        _ => two(DAY, "d", HOUR, "h"),
    }
}

/// Reads an age such as `30d`, `12h`, `90m` or `45s`; a unit is asked for, since a bare number can mean anything.
pub(super) fn parse_age(text: &str) -> Result<Duration, String> {
    let refuse = || "an age is a number with a unit: 30d, 12h, 90m or 45s".to_owned();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| refuse())?;
    let unit = match &text[digits.len()..] {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err(refuse()),
    };
    let milliseconds = number.checked_mul(unit).ok_or_else(refuse)?;
    Ok(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_and_future_are_told_in_one_unit() {
        let now = Timestamp(1_800_000_000_000);
        let told = |elapsed: u64| ago(now.0 - i64::try_from(elapsed).unwrap(), now);
        assert_eq!(told(0), "now");
        assert_eq!(told(999), "now");
        assert_eq!(told(59 * SECOND), "59 s ago");
        assert_eq!(told(3 * MINUTE + 59 * SECOND), "3 min ago");
        assert_eq!(told(DAY - 1), "23 h ago");
        assert_eq!(told(400 * DAY), "400 d ago");
        assert_eq!(ago(now.0 + 5, now), "now");
        assert_eq!(until(now.0 + 5 * 3_600_000, now), "in 5 h");
        assert_eq!(until(now.0 - 1, now), "now");
    }

    #[test]
    fn a_moment_is_a_date_and_how_long_ago_it_was() {
        assert_eq!(
            at(0, Timestamp(120_000)),
            "1970-01-01 00:00:00Z (2 min ago)"
        );
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(took(12), "12 ms");
        assert_eq!(took(1_250), "1.2 s");
        assert_eq!(took(60_000), "1 min");
        assert_eq!(took(200_000), "3 min 20 s");
        assert_eq!(took(90 * 60_000), "1 h 30 min");
        assert_eq!(took(49 * 3_600_000), "2 d 1 h");
        assert_eq!(took(-1), "0 ms");
    }

    #[test]
    fn an_age_needs_a_unit() {
        assert_eq!(parse_age("30d"), Ok(Duration::from_millis(30 * DAY)));
        assert_eq!(parse_age("90m"), Ok(Duration::from_millis(90 * MINUTE)));
        for wrong in [
            "",
            "30",
            "d",
            "-1d",
            "1.5h",
            "3w",
            "99999999999999999d",
            "3é",
        ] {
            assert!(parse_age(wrong).is_err(), "{wrong}");
        }
    }
}
