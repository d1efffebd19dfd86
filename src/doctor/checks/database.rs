//! The database: where it is, whose it is, and whether it is whole.

use smithers_store::ops::{self, Outcome};

use crate::doctor::finding::few;
use crate::doctor::{Finding, Site};

/// What to do about a database that is not whole.
const RESTORE: &str =
    "stop the gateway, keep a copy, and restore a backup: `smithers backup restore`";

/// On durable storage.
pub(super) fn location(site: &Site<'_>) -> Finding {
    let path = site.database();
    let shown = path.display();
    match ops::file_system(path) {
        Err(error) => Finding::skip(error.to_string(), "see `smithers db status`"),
        Ok(place) => match place.objection() {
            Some(objection) => Finding::fail(
                format!("{shown}: {objection}"),
                "move it to a disk of this machine or to a volume, and set SMITHERS_DB_PATH",
            ),
            None => Finding::pass(format!("{shown} is on a local disk")),
        },
    }
}

/// One gateway owns it, or none runs.
pub(super) fn single_owner(site: &Site<'_>) -> Finding {
    match ops::status(site.database(), &mut |_| {}) {
        Err(error) => unreadable(&error),
        Ok(status) => match (status.owner, status.in_use) {
            (Some(owner), true) => Finding::pass(format!(
                "process {} owns it, generation {}",
                owner.pid, owner.epoch
            )),
            (Some(owner), false) => Finding::pass(format!(
                "no gateway runs; {} have owned it one after another",
                owner.epoch
            )),
            (None, _) => Finding::warn(
                "no gateway has ever opened it",
                "start one: `smithers gateway`",
            ),
        },
    }
}

/// The settings, read back on a fresh connection.
pub(super) fn pragmas(site: &Site<'_>) -> Finding {
    match ops::settings(site.database()) {
        Err(error) => unreadable(&error),
        Ok(settings) => {
            let wrong: Vec<String> = settings
                .iter()
                .filter(|setting| setting.found != setting.expected)
                .map(|setting| {
                    format!(
                        "{} is {} instead of {}",
                        setting.name, setting.found, setting.expected
                    )
                })
                .collect();
            if !wrong.is_empty() {
                return Finding::fail(wrong.join(", "), "start the gateway once: it sets them");
            }
            let shown: Vec<String> = settings
                .iter()
                .map(|s| format!("{}={}", s.name, s.found))
                .collect();
            Finding::pass(shown.join(" "))
        }
    }
}

/// Every page can be read, and with `--full` every index fits its table.
pub(super) fn integrity(site: &Site<'_>) -> Finding {
    of_check(site, &["integrity"])
}

/// Every row has what it refers to.
pub(super) fn foreign_keys(site: &Site<'_>) -> Finding {
    of_check(site, &["foreign-keys"])
}

/// No sequence has a gap, no counter went back, and every deletion left its tombstone.
pub(super) fn orphans(site: &Site<'_>) -> Finding {
    of_check(site, &["sequences", "counters", "deletions"])
}

/// At the version of this program.
pub(super) fn migrations(site: &Site<'_>) -> Finding {
    match ops::plan(site.database()) {
        Err(error) => unreadable(&error),
        Ok(steps) => match steps
            .iter()
            .filter(|step| step.applied_at_ms.is_none())
            .count()
        {
            0 => of_check(site, &["schema"]),
            pending => Finding::fail(
                format!("{pending} migrations are pending"),
                "see `smithers db migrate --plan`, then start the gateway or run `smithers db migrate`",
            ),
        },
    }
}

/// Tells the parts of the examination with these ids.
pub(super) fn of_check(site: &Site<'_>, ids: &[&str]) -> Finding {
    let report = match site.database_report() {
        Err(error) => return unreadable(error),
        Ok(report) => report,
    };
    let found = report.checks.iter();
    let found = found.filter(|finding| ids.contains(&finding.id));
    let found = found.map(|finding| translate(finding.id, &finding.outcome));
    Finding::worst_of(found.collect())
        .unwrap_or_else(|| Finding::skip(format!("nothing looks at {}", ids.join(", ")), RESTORE))
}

fn translate(id: &str, outcome: &Outcome) -> Finding {
    match outcome {
        Outcome::Ok => Finding::pass(format!("{id}: ok")),
        Outcome::Skipped { reason } => {
            Finding::skip(format!("{id}: {reason}"), "run doctor with --full")
        }
        Outcome::Failed { problems } => Finding::fail(format!("{id}: {}", few(problems)), RESTORE),
    }
}

/// The finding of a check that could not open the database.
pub(super) fn unreadable(error: &ops::Error) -> Finding {
    Finding::skip(
        error.to_string(),
        "set SMITHERS_DB_PATH to the database of the gateway",
    )
}
