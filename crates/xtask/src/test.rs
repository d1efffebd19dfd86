//! `cargo xtask test`: installs what the tests need, and runs all of them.

use anyhow::{Result, bail};

use crate::clients;
use crate::conformance::{self, Report};
use crate::console;
use crate::crash;
use crate::deploy;
use crate::process;
use crate::project::Project;
use crate::reference;

/// Kills of the crash test in a full run.
const CRASH_ROUNDS: u64 = 50;

/// Runs everything and prints a summary; its last line sums the conformance cases.
pub(crate) async fn run(project: &Project) -> Result<()> {
    clients::install(project)?;
    let binary = project.build_gateway()?;
    let mut failed = Vec::new();
    for (name, part) in [
        ("unit and integration tests", tests as fn(&Project) -> _),
        ("doctests", doctests),
        ("reference pages", reference::check),
    ] {
        console::heading(name);
        if let Err(error) = part(project) {
            console::line(&format!("FAIL {name}: {error:#}"));
            failed.push(name.to_owned());
        }
    }
    let mut reports = conformance::required(project, &binary).await;
    let crash = crash::Options {
        rounds: CRASH_ROUNDS,
        seed: None,
        binary: Some(binary.clone()),
    };
    reports.push(crash::run(project, crash).await?);
    reports.extend(deploy::required(project, &binary).await);
    summarise(&failed, &reports)
}

fn tests(project: &Project) -> Result<()> {
    if process::works("cargo", &["nextest", "--version"]) {
        return process::run(project.cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ]));
    }
    console::line(
        "cargo-nextest is not installed (cargo install --locked cargo-nextest); using cargo test",
    );
    process::run(project.cargo(&[
        "test",
        "--workspace",
        "--locked",
        "--lib",
        "--bins",
        "--tests",
        "--no-fail-fast",
    ]))
}

fn doctests(project: &Project) -> Result<()> {
    process::run(project.cargo(&["test", "--workspace", "--locked", "--doc"]))
}

fn summarise(failed: &[String], reports: &[Report]) -> Result<()> {
    console::heading("summary");
    for part in failed {
        console::line(&format!("failed: {part}"));
    }
    for report in reports {
        report.print();
    }
    let count = |of: fn(&Report) -> usize| reports.iter().map(of).sum::<usize>();
    let broken = count(Report::failed) + failed.len();
    let sum = conformance::sum(count(Report::passed), broken, count(Report::skipped));
    console::line(&format!("\n{sum}"));
    if broken > 0 {
        bail!("the tests failed");
    }
    Ok(())
}
