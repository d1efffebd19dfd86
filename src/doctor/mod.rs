//! `smithers doctor`: the release checklist as checks (operations 11).
//!
//! ```text
//! Site (configuration, database, tokens, address) --each check--> Finding --profile--> Report
//! ```
//!
//! A check looks and never changes anything. Parts that this build does not have (sandboxes, the cache) keep a row of
//! their own that says so, is counted as skipped, and is replaced when the part arrives.

mod checks;
mod finding;
mod profile;
mod report;
mod site;

pub use checks::{CHECKS, Check};
pub use finding::{Finding, Status};
pub use profile::{AskedFrom, Profile};
pub use report::{Counts, Report, Row};
pub use site::Site;

/// Examines a site: the checks of `profile`, or only those named in `only`.
pub fn examine(site: &Site<'_>, profile: Profile, only: &[String]) -> Report {
    let is_wanted = |check: &Check| match only.is_empty() {
        true => profile.asks(check.asked_from),
        false => only.iter().any(|wanted| names(wanted, check.id)),
    };
    let rows = CHECKS.iter().filter(|check| is_wanted(check));
    let rows = rows.map(|check| Row {
        id: check.id,
        promise: check.promise,
        finding: (check.run)(site),
    });
    Report::new(profile, rows.collect())
}

/// Returns whether `wanted` is the id or the family before the dot.
pub fn names(wanted: &str, id: &str) -> bool {
    wanted == id
        || id
            .split_once('.')
            .is_some_and(|(family, _)| family == wanted)
}
