//! Schedules: that each can fire, and that none is overdue.

use smithers_actors::schedules::{MAX_SCHEDULES, Recurrence};
use smithers_model::Timestamp;
use smithers_model::schedule::Schedule;
use smithers_store::ops;

use super::database::unreadable;
use crate::doctor::finding::few;
use crate::doctor::{Finding, Site};

/// How late a firing may be before somebody should look, milliseconds: a failed one is made again after a minute.
const LATE_MS: i64 = 120_000;

/// Every schedule that is switched on can be read, its newest firing did not fail, and the next one is not overdue.
pub(super) fn firing(site: &Site<'_>) -> Finding {
    let read = ops::reader(site.database()).map(|reader| reader.schedules(None, MAX_SCHEDULES));
    let schedules = match read {
        Err(error) => return unreadable(&error),
        Ok(Err(error)) => return Finding::skip(error.to_string(), "see `smithers db check`"),
        Ok(Ok(schedules)) => schedules,
    };
    let on: Vec<&Schedule> = schedules.iter().filter(|one| one.enabled).collect();
    let pass = format!("{} of {} are on", on.len(), schedules.len());
    let findings = [
        of_wrong_plans(&on),
        of_failures(&on),
        of_overdue(&on, site.now),
        Some(Finding::pass(pass)),
    ];
    Finding::worst_of(findings.into_iter().flatten().collect())
        .expect("there is always one that passes")
}

fn of_wrong_plans(schedules: &[&Schedule]) -> Option<Finding> {
    let wrong = schedules.iter().filter_map(|one| {
        let error = Recurrence::read(&one.plan).err()?;
        Some(format!("{}: {error}", one.id))
    });
    tell(wrong, |told| {
        let hint = "store it again with a pattern that `smithers crons preview` can read";
        Finding::fail(format!("never fires: {told}"), hint)
    })
}

fn of_failures(schedules: &[&Schedule]) -> Option<Finding> {
    let failed = schedules.iter().filter_map(|one| {
        let error = one.error.as_ref()?;
        Some(format!("{}: {}", one.id, error.message))
    });
    tell(failed, |told| {
        let hint = "mend the workflow or its module; the firing is made again every minute";
        Finding::fail(format!("could not launch: {told}"), hint)
    })
}

fn of_overdue(schedules: &[&Schedule], now: Timestamp) -> Option<Finding> {
    let is_late = |one: &&&Schedule| {
        let due = one.next_run_at.filter(|_| one.error.is_none());
        due.is_some_and(|due| now.0.saturating_sub(due.0) > LATE_MS)
    };
    let late = schedules.iter().filter(is_late);
    tell(late.map(|one| one.id.to_string()), |told| {
        let hint = "start the gateway: it makes up for what was missed as each schedule says";
        Finding::warn(format!("overdue: {told}"), hint)
    })
}

fn tell(
    told: impl Iterator<Item = String>,
    finding: impl FnOnce(String) -> Finding,
) -> Option<Finding> {
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| finding(few(&told)))
}
