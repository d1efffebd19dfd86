//! `cargo xtask conformance`: the built binary against recordings, probes and the public client.

mod better;
mod probes;
mod report;
mod sdk;
mod transcripts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

pub(crate) use self::report::{Report, sum};
use crate::project::Project;

/// What is compared.
#[derive(Debug, Subcommand)]
pub(crate) enum Suite {
    /// Replay the recorded sessions of tests/conformance/transcripts.
    Transcripts(Selection),
    /// Run the probe modules of tests/conformance/probes.
    Probes {
        #[command(flatten)]
        selection: Selection,
        /// Write down what comes of the probes that this project adds, instead of comparing it.
        #[arg(long)]
        write: bool,
    },
    /// Run the unmodified public client of tests/clients.
    Sdk {
        /// Gateway binary to test; built from this workspace when absent.
        #[arg(long)]
        binary: Option<PathBuf>,
    },
}

/// Which cases, against which binary.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Cases to run, by number or name, separated by commas; all when absent.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Gateway binary to test; built from this workspace when absent.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Recordings that this version of the gateway must match.
const TRANSCRIPTS: [&str; 20] = [
    "01", "03", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "19", "20", "22",
    "23", "24", "25", "29",
];
/// Probes that this version of the gateway must match.
const PROBES: [&str; 15] = [
    "sequence-skipif",
    "parallel-limit",
    "approval-approve",
    "approval-deny-skip",
    "kill9-resume",
    "branch-reactive",
    "loop-until",
    "deps-needs",
    "retries-backoff",
    "agent-structured",
    "timer",
    "signal-correlation",
    "subflow",
    "cache",
    "saga-compensate",
];

impl Suite {
    /// Runs the suite and prints its sum.
    pub(crate) async fn run(self, project: &Project) -> Result<Report> {
        let report = match self {
            Self::Transcripts(selection) => {
                transcripts::run(project, &selection.binary(project)?, &selection.only()).await?
            }
            Self::Probes { selection, write } => {
                probes::run(
                    project,
                    &selection.binary(project)?,
                    &selection.only(),
                    write,
                )
                .await?
            }
            Self::Sdk { binary } => sdk::run(project, &binary_or_build(binary, project)?).await?,
        };
        report.print();
        Ok(report)
    }
}

impl Selection {
    fn only(&self) -> BTreeSet<String> {
        self.only.iter().cloned().collect()
    }

    fn binary(&self, project: &Project) -> Result<PathBuf> {
        binary_or_build(self.binary.clone(), project)
    }
}

/// Returns `given`, or the binary built from this workspace.
pub(crate) fn binary_or_build(given: Option<PathBuf>, project: &Project) -> Result<PathBuf> {
    given.map_or_else(
        || project.build_gateway(),
        |binary| Ok(std::path::absolute(binary)?),
    )
}

/// Runs everything that this version must match, against `binary`; a suite that cannot even start has failed.
pub(crate) async fn required(project: &Project, binary: &Path) -> Vec<Report> {
    let selected = |names: &[&str]| Selection {
        only: names.iter().map(|name| (*name).to_owned()).collect(),
        binary: Some(binary.to_owned()),
    };
    let sdk = Suite::Sdk {
        binary: Some(binary.to_owned()),
    };
    // Which probes are ours is read from their folder; when that fails, running them says why.
    let ours = probes::ours(project).unwrap_or_default();
    let probes = PROBES.into_iter().chain(ours.iter().map(String::as_str));
    let probes = Suite::Probes {
        selection: selected(&probes.collect::<Vec<_>>()),
        write: false,
    };
    let suites = [
        ("sdk", sdk),
        ("transcripts", Suite::Transcripts(selected(&TRANSCRIPTS))),
        ("probes", probes),
    ];
    let mut reports = Vec::new();
    for (name, suite) in suites {
        reports.push(
            suite
                .run(project)
                .await
                .unwrap_or_else(|error| Report::broken(name, &error)),
        );
    }
    reports
}
