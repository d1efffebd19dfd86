//! What runs here: whether the newest start is on record and is what the configuration and this binary say.

use smithers_store::ops;

use super::database::unreadable;
use crate::doctor::{Finding, Site};

/// The newest start was of this binary, this configuration and this module.
pub(super) fn revision(site: &Site<'_>) -> Finding {
    let found = ops::reader(site.database()).map(|reader| reader.newest_deployment());
    let newest = match found {
        Err(error) => return unreadable(&error),
        Ok(Err(error)) => return Finding::skip(error.to_string(), "see `smithers db check`"),
        Ok(Ok(None)) => return Finding::fail("no start is on record", "start the gateway"),
        Ok(Ok(Some(newest))) => newest.deployment,
    };
    let mut differences = Vec::new();
    if newest.product_version != env!("CARGO_PKG_VERSION") {
        differences.push(format!("version {}", newest.product_version));
    }
    if newest.build_commit.as_deref().unwrap_or_default() != crate::audit::BUILD_COMMIT {
        differences.push("another commit".to_owned());
    }
    if newest.config_digest != crate::audit::config_digest(site.config) {
        differences.push("another configuration".to_owned());
    }
    let module = site.config.script.module.display().to_string();
    if newest.module_path.as_deref() != Some(module.as_str()) {
        differences.push("another module".to_owned());
    }
    if !differences.is_empty() {
        return Finding::fail(
            format!("the newest start was of {}", differences.join(", ")),
            "start the gateway with this binary and configuration, or run doctor with the gateway's",
        );
    }
    let revision = newest
        .module_revision
        .or(newest.module_hash)
        .unwrap_or_else(|| "unknown".into());
    Finding::pass(format!(
        "version {}, module revision {revision}",
        newest.product_version
    ))
}
