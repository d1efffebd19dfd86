//! `cargo xtask tidy`: the architecture and the house rules that no compiler checks.
//!
//! Each rule is a small function from a file or a crate to violations; a violation says where,
//! what, and what to do about it.

mod book;
mod crates;
mod promises;
mod sources;

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::console;
use crate::process;
use crate::project::Project;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    file: String,
    line: usize,
    what: String,
    remedy: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}:{}: {}; {}",
            self.file, self.line, self.what, self.remedy
        )
    }
}

/// A text file of the workspace.
#[derive(Debug)]
struct SourceFile {
    /// Path from the root, with slashes.
    path: String,
    text: String,
}

/// Checks the whole workspace and prints what is broken.
pub(crate) fn run(project: &Project) -> Result<()> {
    let files = tracked_files(project)?;
    let members = crates::members(&project.metadata()?, project.root())?;
    let mut violations: Vec<Violation> = files.iter().flat_map(sources::check).collect();
    violations.extend(
        members
            .iter()
            .flat_map(|member| crates::check(member, &files)),
    );
    violations.extend(promises::check(&files));
    violations.extend(book::check(&files));
    for violation in &violations {
        console::line(&violation.to_string());
    }
    if !violations.is_empty() {
        bail!("{} rules are broken", violations.len());
    }
    console::line(&format!(
        "tidy: {} files and {} crates are in order",
        files.len(),
        members.len()
    ));
    Ok(())
}

/// Returns every text file that is or would be under version control.
fn tracked_files(project: &Project) -> Result<Vec<SourceFile>> {
    let mut git = Command::new("git");
    git.current_dir(project.root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]);
    let list = process::output(git).context("tidy needs git to know the files")?;
    let paths = list.lines().filter(|path| project.path(path).is_file());
    let read = |path: &str| {
        let bytes =
            std::fs::read(project.path(path)).with_context(|| format!("failed to read {path}"))?;
        Ok(String::from_utf8(bytes).ok().map(|text| SourceFile {
            path: path.to_owned(),
            text,
        }))
    };
    paths.map(read).filter_map(Result::transpose).collect()
}
