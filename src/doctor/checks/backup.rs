//! Backups: that there are some, and that they can be restored.

use smithers_model::audit::kind;
use smithers_store::ops;

use super::database::unreadable;
use crate::doctor::{Finding, Site};

/// The newest verified backup is recent.
pub(super) fn fresh(site: &Site<'_>) -> Finding {
    let limit = site.config.alerts.backup_age;
    newest(
        site,
        kind::BACKUP,
        "made",
        "verified backup",
        limit,
        "smithers backup create",
    )
}

/// A restore was tried out lately, with success.
pub(super) fn drill(site: &Site<'_>) -> Finding {
    let limit = site.config.alerts.drill_age;
    newest(
        site,
        kind::DRILL,
        "passed",
        "restore drill",
        limit,
        "smithers backup drill",
    )
}

fn newest(
    site: &Site<'_>,
    kind: &str,
    outcome: &str,
    what: &str,
    limit: std::time::Duration,
    command: &str,
) -> Finding {
    let found = ops::reader(site.database()).map(|reader| reader.newest_audit(kind, outcome));
    let entry = match found {
        Err(error) => return unreadable(&error),
        Ok(Err(error)) => return Finding::skip(error.to_string(), "see `smithers db check`"),
        Ok(Ok(entry)) => entry,
    };
    let run_it = format!("run `{command}`, and let a timer run it from now on");
    let Some(entry) = entry else {
        return Finding::fail(format!("there is no {what}"), run_it);
    };
    let hours = site.age_ms(entry.record.at.0) / 3_600_000;
    let evidence = format!(
        "the newest {what} is {hours} h old ({})",
        entry.record.subject.unwrap_or_default()
    );
    match hours > limit.as_secs() / 3_600 {
        true => Finding::fail(evidence, run_it),
        false => Finding::pass(evidence),
    }
}
