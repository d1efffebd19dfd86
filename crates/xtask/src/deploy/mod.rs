//! `cargo xtask deploy`: the files of `deploy/reference`, checked one by one (`check`) and started (`prove`).

mod check;
mod prove;
mod reference;
mod tools;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::conformance::{Report, binary_or_build};
use crate::project::Project;

/// What is done with the files.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check every file by itself and against the others; nothing is started.
    Check(Options),
    /// Build the image and start it and the compose file, with a Docker engine of our own.
    Prove(Options),
}

/// Against which gateway.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Gateway binary; built from this workspace when absent.
    #[arg(long)]
    binary: Option<PathBuf>,
}

impl Command {
    /// Runs the command and prints its sum.
    pub(crate) async fn run(self, project: &Project) -> Result<Report> {
        let report = match self {
            Command::Check(options) => check::run(project, &options.binary(project)?).await?,
            Command::Prove(options) => prove::run(project, &options.binary(project)?).await?,
        };
        report.print();
        Ok(report)
    }
}

impl Options {
    fn binary(self, project: &Project) -> Result<PathBuf> {
        binary_or_build(self.binary, project)
    }
}

/// Runs everything with `binary`; what cannot even start has failed.
pub(crate) async fn required(project: &Project, binary: &Path) -> Vec<Report> {
    let options = || Options {
        binary: Some(binary.to_owned()),
    };
    let mut reports = Vec::new();
    for (name, command) in [
        ("deploy check", Command::Check(options())),
        ("deploy prove", Command::Prove(options())),
    ] {
        let outcome = command.run(project).await;
        reports.push(outcome.unwrap_or_else(|error| Report::broken(name, &error)));
    }
    reports
}
