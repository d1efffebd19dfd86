//! From when a condition is worth an alert.

use std::time::Duration;

use super::key::key;
use super::reader::Reader;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// From when a condition is worth an alert, and how often it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alerts {
    /// Time between two looks; none are taken without.
    pub interval: Option<Duration>,
    /// An approval that waits longer is worth a warning.
    pub approval_warning: Duration,
    /// An approval that waits longer is critical.
    pub approval_critical: Duration,
    /// A run in which nothing happens for longer is stale.
    pub run_stale: Duration,
    /// A backup that is older is too old.
    pub backup_age: Duration,
    /// A restore drill that is older is too old.
    pub drill_age: Duration,
}

impl Alerts {
    pub(super) fn read(reader: &mut Reader<'_>) -> Alerts {
        reader.section("alerts", "From when a condition is worth an alert.");
        let interval = key(
            "alerts.interval_ms",
            "SMITHERS_ALERTS_INTERVAL_MS",
            "Milliseconds between two looks for alerts; 0 takes none.",
        );
        let interval = reader.number(interval, 60_000, 0..=3_600_000);
        Alerts {
            interval: (interval > 0).then(|| Duration::from_millis(interval)),
            approval_warning: reader.span(
                key(
                    "alerts.approval_warning",
                    "SMITHERS_ALERT_APPROVAL_WARNING",
                    "An approval that waits longer is worth a warning.",
                ),
                HOUR,
            ),
            approval_critical: reader.span(
                key(
                    "alerts.approval_critical",
                    "SMITHERS_ALERT_APPROVAL_CRITICAL",
                    "An approval that waits longer is critical.",
                ),
                4 * HOUR,
            ),
            run_stale: reader.span(
                key(
                    "alerts.run_stale",
                    "SMITHERS_ALERT_RUN_STALE",
                    "A running run in which nothing happens for longer is stale.",
                ),
                HOUR,
            ),
            backup_age: reader.span(
                key(
                    "alerts.backup_age",
                    "SMITHERS_ALERT_BACKUP_AGE",
                    "A verified backup that is older is too old.",
                ),
                24 * HOUR,
            ),
            drill_age: reader.span(
                key(
                    "alerts.drill_age",
                    "SMITHERS_ALERT_DRILL_AGE",
                    "A restore drill that is older is too old.",
                ),
                30 * 24 * HOUR,
            ),
        }
    }
}
