//! The npm packages that the tests need: `tests/clients`, installed when missing or outdated.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::process;
use crate::project::Project;

/// File inside `node_modules` that holds the digest of the lock file it was installed from.
const STAMP: &str = ".installed-from";

/// Returns the folder with the installed packages.
pub(crate) fn node_modules(project: &Project) -> PathBuf {
    project.path("tests/clients/node_modules")
}

/// Installs the packages of `tests/clients` unless they match its lock file already.
pub(crate) fn install(project: &Project) -> Result<()> {
    ensure!(
        process::works("node", &["--version"]),
        "node is not installed; the client tests need Node.js 18 or newer"
    );
    ensure!(
        process::works("npm", &["--version"]),
        "npm is not installed; the client tests need it beside Node.js"
    );
    let lock = std::fs::read(project.path("tests/clients/package-lock.json"))
        .context("failed to read package-lock.json")?;
    let digest = hex::encode(Sha256::digest(&lock));
    let stamp = node_modules(project).join(STAMP);
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == digest) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.current_dir(project.path("tests/clients")).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]);
    process::run(npm)?;
    std::fs::write(&stamp, digest).context("failed to mark the packages as installed")
}
