//! What a pattern means: the firings after and before a moment, by the clock of a time zone.
//!
//! Where a clock is put forward, a fixed time that it leaves out comes at the first moment after the gap, and
//! steps (`*/20`) go on behind it. Where a clock is put back, a fixed time comes once, at the first of the two
//! moments, and steps go through the hour twice.

use std::str::FromStr;
use std::sync::OnceLock;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use smithers_model::Timestamp;
use smithers_model::schedule::SchedulePlan;

/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 256;

/// Why a plan gives no recurrence. The text is for whoever wrote the plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The pattern cannot be read.
    #[error(
        "pattern \"{pattern}\" cannot be read: {reason} A pattern has five fields (minute, hour, day of month, \
         month, day of week), six with seconds in front, or is a word such as @daily; for example \"0 8 * * 1-5\""
    )]
    Pattern {
        /// As it was given, shortened.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// No moment fits the pattern.
    #[error("pattern \"{pattern}\" fits no moment: no such date will come")]
    Never {
        /// As it was given.
        pattern: String,
    },
    /// There is no such time zone.
    #[error(
        "there is no time zone \"{0}\"; a time zone has a name such as Europe/Berlin, America/New_York or UTC"
    )]
    TimeZone(String),
}

/// A pattern with its clock.
#[derive(Clone, Debug)]
pub struct Recurrence {
    cron: Cron,
    zone: Tz,
}

impl Recurrence {
    /// Reads a plan.
    ///
    /// # Errors
    /// The pattern or the time zone is wrong.
    pub fn read(plan: &SchedulePlan) -> Result<Self, PlanError> {
        Ok(Self {
            cron: read_pattern(&plan.pattern)?,
            zone: match &plan.time_zone {
                Some(name) => read_zone(name)?,
                None => local_zone(),
            },
        })
    }

    /// As [`read`](Self::read), and some moment after `now` must fit. Returns the first of them too.
    ///
    /// # Errors
    /// The pattern or the time zone is wrong, or the pattern fits no moment.
    pub fn starting(plan: &SchedulePlan, now: Timestamp) -> Result<(Self, Timestamp), PlanError> {
        let recurrence = Self::read(plan)?;
        let pattern = &plan.pattern;
        let first = recurrence.after(now).ok_or_else(|| PlanError::Never {
            pattern: pattern.clone(),
        })?;
        Ok((recurrence, first))
    }

    /// The first firing later than `moment`; none when no other comes.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let found = self.cron.find_next_occurrence(&self.at(moment)?, false);
        found.ok().map(|at| Timestamp(at.timestamp_millis()))
    }

    /// A moment by the clock of the plan, with its distance from UTC, such as `2026-03-29T03:00:00+02:00`.
    pub fn shown(&self, moment: Timestamp) -> String {
        let at = self.at(moment);
        at.map_or_else(
            || moment.to_iso(),
            |at| at.to_rfc3339_opts(SecondsFormat::Secs, false),
        )
    }

    /// Reads a date (`2026-03-29`) or a date and time (`2026-03-29T01:30:00`) by the clock of the plan, or a moment with
    /// its distance from UTC (`2026-03-29T01:30:00Z`).
    pub fn moment(&self, text: &str) -> Option<Timestamp> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Timestamp(at.timestamp_millis()));
        }
        let midnight = NaiveDate::from_str(text).map(|date| date.and_time(NaiveTime::MIN));
        let local = NaiveDateTime::from_str(text).or(midnight).ok()?;
        let at = self.zone.from_local_datetime(&local).earliest()?;
        Some(Timestamp(at.timestamp_millis()))
    }

    /// The firings by `moment`, the last one first.
    pub(super) fn back_from(&self, moment: Timestamp) -> impl Iterator<Item = Timestamp> {
        // Patterns know whole seconds.
        let second = Timestamp(moment.0 - moment.0.rem_euclid(1_000));
        let last = self.before(second, true);
        std::iter::successors(last, |at| self.before(*at, false))
    }

    fn before(&self, moment: Timestamp, inclusive: bool) -> Option<Timestamp> {
        let at = self.at(moment)?;
        let found = self.cron.find_previous_occurrence(&at, inclusive);
        found.ok().map(|at| Timestamp(at.timestamp_millis()))
    }

    fn at(&self, moment: Timestamp) -> Option<DateTime<Tz>> {
        let utc = DateTime::<Utc>::from_timestamp_millis(moment.0)?;
        Some(utc.with_timezone(&self.zone))
    }
}

fn read_pattern(pattern: &str) -> Result<Cron, PlanError> {
    let refuse = |reason: String| PlanError::Pattern {
        pattern: pattern.chars().take(MAX_PATTERN).collect(),
        reason,
    };
    if pattern.len() > MAX_PATTERN {
        return Err(refuse(format!("it is longer than {MAX_PATTERN} bytes.")));
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed);
    parser.build().parse(pattern).map_err(|error| {
        let text = error.to_string();
        let end = if text.ends_with('.') { "" } else { "." };
        refuse(format!("{text}{end}"))
    })
}

fn read_zone(name: &str) -> Result<Tz, PlanError> {
    name.parse()
        .map_err(|_| PlanError::TimeZone(name.chars().take(MAX_PATTERN).collect()))
}

/// The zone of this machine, as it was when it was first asked for: `TZ`, else what the system says, else UTC.
fn local_zone() -> Tz {
    static LOCAL: OnceLock<Tz> = OnceLock::new();
    *LOCAL.get_or_init(|| {
        let named = std::env::var("TZ").ok();
        let named = named.and_then(|name| name.trim_start_matches(':').parse().ok());
        let system = || iana_time_zone::get_timezone().ok()?.parse().ok();
        named.or_else(system).unwrap_or(Tz::UTC)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pattern: &str, zone: &str) -> SchedulePlan {
        SchedulePlan {
            pattern: pattern.into(),
            time_zone: Some(zone.into()),
            overlap: smithers_model::schedule::Overlap::Allow,
            catch_up: smithers_model::schedule::CatchUp::One,
        }
    }

    fn moment(iso: &str) -> Timestamp {
        Timestamp(iso.parse::<DateTime<Utc>>().unwrap().timestamp_millis())
    }

    /// The first `count` firings after `from`.
    fn firings(pattern: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let recurrence = Recurrence::read(&plan(pattern, zone)).unwrap();
        let first = recurrence.after(moment(from));
        let all = std::iter::successors(first, |at| recurrence.after(*at));
        all.take(count).map(Timestamp::to_iso).collect()
    }

    #[test]
    fn weekdays_at_eight_are_those_of_the_named_zone() {
        assert_eq!(
            firings("0 8 * * 1-5", "Europe/Berlin", "2026-11-20T12:00:00Z", 2),
            ["2026-11-23T07:00:00.000Z", "2026-11-24T07:00:00.000Z"]
        );
        assert_eq!(
            firings(
                "0 8 * * MON-FRI",
                "America/New_York",
                "2026-11-20T12:00:00Z",
                1
            ),
            ["2026-11-20T13:00:00.000Z"]
        );
    }

    #[test]
    fn seconds_and_words_are_understood() {
        assert_eq!(
            firings("*/30 * * * * *", "UTC", "2026-01-01T00:00:01Z", 2),
            ["2026-01-01T00:00:30.000Z", "2026-01-01T00:01:00.000Z"]
        );
        assert_eq!(
            firings("@daily", "UTC", "2026-01-01T00:00:00Z", 1),
            ["2026-01-02T00:00:00.000Z"]
        );
    }

    #[test]
    fn a_fixed_time_in_the_skipped_hour_comes_once_right_after_it() {
        // Berlin goes from 02:00 to 03:00 on this day, which is 01:00 in UTC.
        assert_eq!(
            firings("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"]
        );
    }

    #[test]
    fn steps_go_on_behind_the_skipped_hour() {
        assert_eq!(
            firings("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3),
            [
                "2026-03-29T00:30:00.000Z",
                "2026-03-29T01:00:00.000Z",
                "2026-03-29T01:30:00.000Z"
            ]
        );
    }

    #[test]
    fn a_fixed_time_in_the_doubled_hour_comes_once() {
        // Berlin goes from 03:00 back to 02:00 on this day, which is 01:00 in UTC.
        assert_eq!(
            firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"]
        );
    }

    #[test]
    fn steps_go_through_the_doubled_hour_twice() {
        assert_eq!(
            firings("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 4),
            [
                "2026-10-25T00:30:00.000Z",
                "2026-10-25T01:00:00.000Z",
                "2026-10-25T01:30:00.000Z",
                "2026-10-25T02:00:00.000Z"
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_says_what_a_pattern_looks_like() {
        let refused = |pattern: &str| {
            let error = Recurrence::starting(&plan(pattern, "UTC"), Timestamp(0));
            error.unwrap_err().to_string()
        };
        for pattern in ["nope", "", "61 * * * *", "*/0 * * * *", "0 0 1 1 * * 2030"] {
            let text = refused(pattern);
            assert!(text.contains("for example \"0 8 * * 1-5\""), "{text}");
        }
        assert!(refused("0 0 30 2 *").contains("no such date"));
        assert!(refused(&"1,".repeat(200)).contains("longer than 256 bytes"));
        let error = Recurrence::read(&plan("* * * * *", "Mars/Base")).unwrap_err();
        assert!(error.to_string().contains("\"Mars/Base\""), "{error}");
    }

    #[test]
    fn moments_are_read_by_the_clock_of_the_zone_unless_they_say_otherwise() {
        let plan = SchedulePlan {
            pattern: "@daily".into(),
            time_zone: Some("Europe/Berlin".into()),
            ..SchedulePlan::default()
        };
        let berlin = Recurrence::read(&plan).unwrap();
        let read = |text: &str| berlin.moment(text).map(|at| at.to_iso());
        let midnight = Some("2026-07-01T22:00:00.000Z".to_owned());
        assert_eq!(read("2026-07-02"), midnight);
        assert_eq!(read("2026-07-02T00:00:00"), midnight);
        assert_eq!(read("2026-07-01T22:00:00Z"), midnight);
        assert_eq!(read("2026-03-29T02:30:00"), None, "no clock shows it");
        assert_eq!(read("soon"), None);
        let shown = berlin.shown(berlin.moment("2026-07-02").unwrap());
        assert_eq!(shown, "2026-07-02T00:00:00+02:00");
    }
}
