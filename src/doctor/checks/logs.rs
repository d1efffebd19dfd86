//! The logs: that they are kept, and long enough.

use crate::doctor::{Finding, Site};

/// The access log is written to a file that is rotated and kept.
pub(super) fn retention(site: &Site<'_>) -> Finding {
    let log = &site.config.access_log;
    let Some(path) = &log.path else {
        return Finding::warn(
            "the access log goes to the output of the process; how long it is kept is up to whoever collects it",
            "set SMITHERS_ACCESS_LOG, or see to it that the collector keeps 30 days",
        );
    };
    let shown = path.display();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Finding::fail(
            format!("the folder of {shown} does not exist"),
            "make it, writable by the gateway",
        );
    }
    let days = log.keep_days;
    match path.exists() {
        true => Finding::pass(format!("{shown} is rotated and kept for {days} days")),
        false => Finding::warn(
            format!("{shown} does not exist yet; it will be kept for {days} days"),
            "start the gateway with this configuration",
        ),
    }
}
