//! `cargo xtask check`: everything that is checked without running the gateway. The same list here and in CI.

use anyhow::{Result, bail};

use crate::console;
use crate::licences;
use crate::process;
use crate::project::Project;
use crate::tidy;

/// A named check.
type Check = (&'static str, fn(&Project) -> Result<()>);

/// The list, cheap ones first.
const CHECKS: [Check; 5] = [
    ("format", format),
    ("tidy", tidy::run),
    ("licences", licences::run),
    ("clippy", clippy),
    ("docs", docs),
];

/// Runs all checks, also after one has failed, and fails at the end if any did.
pub(crate) fn run(project: &Project) -> Result<()> {
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        console::heading(name);
        if let Err(error) = check(project) {
            console::line(&format!("FAIL {name}: {error:#}"));
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("failed checks: {}", failed.join(", "));
    }
    console::line("\nall checks passed");
    Ok(())
}

fn format(project: &Project) -> Result<()> {
    process::run(project.cargo(&["fmt", "--all", "--check"]))
}

fn clippy(project: &Project) -> Result<()> {
    process::run(project.cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn docs(project: &Project) -> Result<()> {
    let mut cargo = project.cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
    cargo.env("RUSTDOCFLAGS", "--deny warnings");
    process::run(cargo)
}
