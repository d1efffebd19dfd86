//! The row of a start: which build, which module at which revision, which settings.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use smithers_model::Timestamp;
use smithers_model::audit::Deployment;

use super::vcs::Repository;
use crate::config::Config;

/// Commit of the build; empty when it was not known.
pub const BUILD_COMMIT: &str = env!("SMITHERS_BUILD_COMMIT");

/// Describes a start of the gateway with the module `entry`, whose graph has the hash `module_hash`.
pub fn deployment(
    config: &Config,
    entry: &Path,
    module_hash: Option<String>,
    started_at: Timestamp,
) -> Deployment {
    Deployment {
        id: uuid::Uuid::now_v7().to_string(),
        started_at,
        product_version: env!("CARGO_PKG_VERSION").into(),
        config_digest: config_digest(config),
        module_path: Some(entry.display().to_string()),
        module_hash,
        build_commit: (!BUILD_COMMIT.is_empty()).then(|| BUILD_COMMIT.into()),
        module_revision: module_revision(entry),
        settings: settings(config),
    }
}

/// Returns the digest of all settings in force: equal exactly when their values are.
pub fn config_digest(config: &Config) -> String {
    let settings = settings(config).into_iter();
    let lines: String = settings
        .map(|(name, digest)| format!("{name}={digest}\n"))
        .collect();
    hex::encode(Sha256::digest(lines))
}

/// Returns the revision of the version control that holds the folder of the module `entry`.
pub fn module_revision(entry: &Path) -> Option<String> {
    let folder = entry.parent().filter(|folder| *folder != Path::new(""));
    Repository::above(folder.unwrap_or(Path::new(".")))?.commit()
}

fn settings(config: &Config) -> BTreeMap<String, String> {
    let entries = config.entries().iter();
    entries
        .map(|entry| {
            let digest = hex::encode(Sha256::digest(&entry.value));
            (entry.key.variable.to_owned(), digest)
        })
        .collect()
}
