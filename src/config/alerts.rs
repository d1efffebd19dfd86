//! From when a condition is worth an alert.

use std::time::Duration;

use super::key::{Key, key};
use super::reader::Reader;

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
            "Time between two looks for alerts; 0 takes none.",
        );
        let interval = reader.number(interval, 60_000, 0..=3_600_000);
        let mut minutes = |key: Key, default: u64| {
            Duration::from_secs(60 * reader.number(key, default, 0..=525_600))
        };
        Alerts {
            interval: (interval > 0).then(|| Duration::from_millis(interval)),
            approval_warning: minutes(
                key(
                    "alerts.approval_warning_minutes",
                    "SMITHERS_ALERT_APPROVAL_WARNING_MINUTES",
                    "An approval that waits longer is worth a warning.",
                ),
                60,
            ),
            approval_critical: minutes(
                key(
                    "alerts.approval_critical_minutes",
                    "SMITHERS_ALERT_APPROVAL_CRITICAL_MINUTES",
                    "An approval that waits longer is critical.",
                ),
                240,
            ),
            run_stale: minutes(
                key(
                    "alerts.run_stale_minutes",
                    "SMITHERS_ALERT_RUN_STALE_MINUTES",
                    "A running run in which nothing happens for longer is stale.",
                ),
                60,
            ),
            backup_age: minutes(
                key(
                    "alerts.backup_minutes",
                    "SMITHERS_ALERT_BACKUP_MINUTES",
                    "A verified backup that is older is too old.",
                ),
                24 * 60,
            ),
            drill_age: minutes(
                key(
                    "alerts.drill_minutes",
                    "SMITHERS_ALERT_DRILL_MINUTES",
                    "A restore drill that is older is too old.",
                ),
                30 * 24 * 60,
            ),
        }
    }
}
