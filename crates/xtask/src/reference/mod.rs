//! `cargo xtask reference`: the pages of `docs/reference/`, made from what the binary says of itself.

mod pages;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::console;
use crate::process;
use crate::project::Project;

/// Where the pages are.
const FOLDER: &str = "docs/reference";

/// What was typed.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a page is not what would be written.
    #[arg(long)]
    check: bool,
}

/// Builds the gateway and writes the pages, or compares them.
pub(crate) fn run(project: &Project, options: Options) -> Result<()> {
    match options.check {
        true => check(project),
        false => write(project, &project.build_gateway()?),
    }
}

/// Fails when a page is not what the binary says.
pub(crate) fn check(project: &Project) -> Result<()> {
    let binary = project.build_gateway()?;
    let mut stale = Vec::new();
    for (name, text) in pages(&binary)? {
        let path = format!("{FOLDER}/{name}");
        let found = std::fs::read_to_string(project.path(&path)).unwrap_or_default();
        if found != text {
            stale.push(path);
        }
    }
    if !stale.is_empty() {
        bail!(
            "{} do not say what the binary says; run `cargo xtask reference`",
            stale.join(", ")
        );
    }
    console::line("reference: the pages say what the binary says");
    Ok(())
}

fn write(project: &Project, binary: &Path) -> Result<()> {
    std::fs::create_dir_all(project.path(FOLDER)).context("failed to make the folder")?;
    for (name, text) in pages(binary)? {
        let path = format!("{FOLDER}/{name}");
        std::fs::write(project.path(&path), text)
            .with_context(|| format!("failed to write {path}"))?;
        console::line(&format!("wrote {path}"));
    }
    Ok(())
}

/// Returns the pages by file name.
fn pages(binary: &Path) -> Result<Vec<(&'static str, String)>> {
    let mut command = Command::new(binary);
    // Defaults and descriptions must not depend on where this runs.
    command
        .env_clear()
        .args(["reference", "--json"])
        .current_dir("/");
    let output = process::output(command).context("the binary does not describe itself")?;
    let reference: Value = serde_json::from_str(&output).context("its description is not JSON")?;
    Ok(vec![
        ("commands.md", pages::commands(&reference)),
        ("configuration.md", pages::configuration(&reference)),
        ("errors.md", pages::errors(&reference)),
        ("metrics.md", pages::metrics(&reference)),
    ])
}
