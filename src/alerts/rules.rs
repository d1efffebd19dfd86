//! The rules: one row each, with the thresholds of operations 9.

use std::time::Duration;

use smithers_model::Timestamp;

use super::sight::{Sight, Waiting};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody should look at it in working hours.
    Warning,
    /// Somebody should look at it now.
    Critical,
}

impl Severity {
    /// Returns the word of the severity.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// Why a rule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// How much it matters.
    pub severity: Severity,
    /// What was seen, in one line.
    pub what: String,
}

/// A condition that somebody should know of.
pub struct Rule {
    /// Its name, a label of the metrics.
    pub name: &'static str,
    /// What it means and what to do, for the log and the documentation.
    pub meaning: &'static str,
    /// Looks for the condition.
    pub look: fn(&Sight, &Thresholds) -> Option<Firing>,
}

/// From when a condition counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// An approval that waits longer is worth a warning.
    pub approval_warning: Duration,
    /// An approval that waits longer is critical.
    pub approval_critical: Duration,
    /// A run in which nothing happens for longer is stale.
    pub run_stale: Duration,
    /// A backup that is older is too old.
    pub backup_age: Duration,
    /// A drill that is older is too old.
    pub drill_age: Duration,
}

/// Failed logins in a minute from which somebody may be guessing.
const FAILED_LOGINS: u64 = 20;
/// Size of the log beside the database from which checkpoints do not keep up, bytes.
const WAL_BYTES: u64 = 256 * 1024 * 1024;
/// Free space of the disk below which writes will soon fail, percent.
const DISK_FREE_PERCENT: u8 = 10;

/// All rules of this build. Those about sandboxes and the cache come with these parts.
pub const RULES: &[Rule] = &[
    Rule {
        name: "approval_waiting",
        meaning: "An approval waits for a decision; remind its owner, see `smithers approvals list`.",
        look: approval_waiting,
    },
    Rule {
        name: "run_stale",
        meaning: "An active run has not moved; see `smithers runs show`.",
        look: run_stale,
    },
    Rule {
        name: "storage_degraded",
        meaning: "Writes are refused because the storage failed; see the log and the disk.",
        look: storage_degraded,
    },
    Rule {
        name: "failed_logins",
        meaning: "Many requests brought a wrong token; see the access log for their addresses.",
        look: failed_logins,
    },
    Rule {
        name: "token_ending",
        meaning: "A token that was in use for more than a day ends within a day; `smithers token rotate` replaces it.",
        look: token_ending,
    },
    Rule {
        name: "wal_large",
        meaning: "The log beside the database is large; a reader may be holding it open.",
        look: wal_large,
    },
    Rule {
        name: "disk_low",
        meaning: "The disk of the database is nearly full; delete old runs or enlarge it.",
        look: disk_low,
    },
    Rule {
        name: "backup_old",
        meaning: "There is no recent backup; run `smithers backup create`.",
        look: backup_old,
    },
    Rule {
        name: "drill_old",
        meaning: "No restore was tried out lately; run `smithers backup drill`.",
        look: drill_old,
    },
    Rule {
        name: "audit_broken",
        meaning: "A row of the audit trail was changed or removed; see `smithers audit verify`.",
        look: audit_broken,
    },
    Rule {
        name: "secret_in_payload",
        meaning: "A workflow or a caller tried to store a secret, which was replaced; see the log for the field.",
        look: secret_in_payload,
    },
    Rule {
        name: "window_truncated",
        meaning: "A client came back so late that events were left out; see SMITHERS_GATEWAY_EVENT_WINDOW.",
        look: window_truncated,
    },
];

fn warning(what: String) -> Option<Firing> {
    let severity = Severity::Warning;
    Some(Firing { severity, what })
}

fn critical(what: String) -> Option<Firing> {
    let severity = Severity::Critical;
    Some(Firing { severity, what })
}

fn approval_waiting(sight: &Sight, thresholds: &Thresholds) -> Option<Firing> {
    let Waiting { what, since } = sight.oldest_approval.as_ref()?;
    let age = Duration::from_millis(sight.age_ms(*since));
    let text = || format!("{what} has waited for {}", hours(age));
    match age {
        age if age > thresholds.approval_critical => critical(text()),
        age if age > thresholds.approval_warning => warning(text()),
        _ => None,
    }
}

fn run_stale(sight: &Sight, thresholds: &Thresholds) -> Option<Firing> {
    let Waiting { what, since } = sight.stalest_run.as_ref()?;
    let age = Duration::from_millis(sight.age_ms(*since));
    (age > thresholds.run_stale)
        .then(|| format!("nothing has happened in {what} for {}", hours(age)))
        .and_then(warning)
}

fn storage_degraded(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    sight
        .is_degraded
        .then(|| "writes are refused".to_owned())
        .and_then(critical)
}

fn failed_logins(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    let failed = sight.failed_logins;
    (failed > FAILED_LOGINS)
        .then(|| format!("{failed} logins failed within a minute"))
        .and_then(warning)
}

fn token_ending(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    let ids = &sight.ending_tokens;
    (!ids.is_empty())
        .then(|| format!("in use and ending within a day: {}", ids.join(", ")))
        .and_then(warning)
}

fn wal_large(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    (sight.wal_bytes > WAL_BYTES)
        .then(|| format!("the log has {} MiB", sight.wal_bytes / (1024 * 1024)))
        .and_then(warning)
}

fn disk_low(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    let free = sight.disk_free_percent?;
    (free < DISK_FREE_PERCENT)
        .then(|| format!("{free} % of the disk are free"))
        .and_then(critical)
}

fn backup_old(sight: &Sight, thresholds: &Thresholds) -> Option<Firing> {
    let found = too_old(sight, sight.newest_backup, thresholds.backup_age)?;
    warning(format!("the newest verified backup: {found}"))
}

fn drill_old(sight: &Sight, thresholds: &Thresholds) -> Option<Firing> {
    let found = too_old(sight, sight.newest_drill, thresholds.drill_age)?;
    warning(format!("the newest restore drill: {found}"))
}

/// Says how old something is that should be younger than `limit`; what never was is as old as the database.
fn too_old(sight: &Sight, newest: Option<Timestamp>, limit: Duration) -> Option<String> {
    let age = Duration::from_millis(sight.age_ms(newest.or(sight.database_made)?));
    (age > limit).then(|| match newest {
        Some(_) => format!("{} old", hours(age)),
        None => "there is none".to_owned(),
    })
}

fn audit_broken(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    critical(format!("the chain breaks at row {}", sight.audit_break?))
}

fn secret_in_payload(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    let count = sight.redactions;
    (count > 0)
        .then(|| format!("{count} secrets were replaced in stored payloads"))
        .and_then(warning)
}

fn window_truncated(sight: &Sight, _: &Thresholds) -> Option<Firing> {
    let count = sight.truncations;
    (count > 0)
        .then(|| format!("{count} reconnects fell out of the event window"))
        .and_then(warning)
}

fn hours(age: Duration) -> String {
    match age.as_secs() {
        seconds @ ..=7_199 => format!("{} min", seconds / 60),
        seconds @ ..=172_799 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn thresholds() -> Thresholds {
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        Thresholds {
            approval_warning: hours(1),
            approval_critical: hours(4),
            run_stale: hours(1),
            backup_age: hours(24),
            drill_age: hours(24 * 30),
        }
    }

    /// Names and severities of the rules that fire.
    fn firing(sight: &Sight) -> Vec<(&'static str, Severity)> {
        let fired = |rule: &Rule| {
            let firing = (rule.look)(sight, &thresholds())?;
            Some((rule.name, firing.severity))
        };
        RULES.iter().filter_map(fired).collect()
    }

    fn quiet() -> Sight {
        Sight {
            now: Timestamp(1_000 * HOUR_MS),
            newest_backup: Some(Timestamp(990 * HOUR_MS)),
            newest_drill: Some(Timestamp(900 * HOUR_MS)),
            database_made: Some(Timestamp(0)),
            disk_free_percent: Some(50),
            ..Sight::default()
        }
    }

    fn since(hours_ago: i64) -> Option<Waiting> {
        Some(Waiting {
            what: "r1 approve".into(),
            since: Timestamp((1_000 - hours_ago) * HOUR_MS - 1),
        })
    }

    #[test]
    fn nothing_fires_in_a_quiet_gateway() {
        assert_eq!(firing(&quiet()), []);
    }

    #[test]
    fn an_approval_that_waits_is_a_warning_after_an_hour_and_critical_after_four() {
        let waits = |hours| Sight {
            oldest_approval: since(hours),
            ..quiet()
        };
        assert_eq!(firing(&waits(0)), []);
        assert_eq!(firing(&waits(1)), [("approval_waiting", Severity::Warning)]);
        assert_eq!(
            firing(&waits(4)),
            [("approval_waiting", Severity::Critical)]
        );
    }

    /// Puts a number into its place in a sight.
    type Set = fn(&mut Sight, u64);

    #[test]
    fn each_condition_fires_its_own_rule_beyond_its_threshold_and_not_at_it() {
        let cases: [(Set, u64, &str); 5] = [
            (
                |sight, n| sight.failed_logins = n,
                FAILED_LOGINS,
                "failed_logins",
            ),
            (|sight, n| sight.wal_bytes = n, WAL_BYTES, "wal_large"),
            (|sight, n| sight.redactions = n, 0, "secret_in_payload"),
            (|sight, n| sight.truncations = n, 0, "window_truncated"),
            (|sight, n| sight.is_degraded = n > 0, 0, "storage_degraded"),
        ];
        for (set, limit, name) in cases {
            let mut sight = quiet();
            set(&mut sight, limit);
            assert_eq!(firing(&sight), [], "{name}");
            set(&mut sight, limit + 1);
            let names: Vec<_> = firing(&sight).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, [name]);
        }
    }

    #[test]
    fn a_backup_that_never_was_counts_from_the_birth_of_the_database() {
        let mut sight = quiet();
        sight.newest_backup = None;
        assert_eq!(firing(&sight), [("backup_old", Severity::Warning)]);
        sight.database_made = Some(Timestamp(999 * HOUR_MS));
        assert_eq!(firing(&sight), []);
        sight = quiet();
        sight.newest_drill = Some(Timestamp(200 * HOUR_MS));
        assert_eq!(firing(&sight), [("drill_old", Severity::Warning)]);
    }

    #[test]
    fn low_disk_a_broken_chain_a_stale_run_and_an_ending_token_fire() {
        let sight = Sight {
            disk_free_percent: Some(9),
            audit_break: Some(3),
            stalest_run: since(1),
            ending_tokens: vec!["abc".into()],
            ..quiet()
        };
        let expected = [
            ("run_stale", Severity::Warning),
            ("token_ending", Severity::Warning),
            ("disk_low", Severity::Critical),
            ("audit_broken", Severity::Critical),
        ];
        assert_eq!(firing(&sight), expected);
    }
}
