//! `cargo xtask`: the tools of this repository. Everything that CI runs is one of these commands.

mod check;
mod ci_result;
mod clients;
mod conformance;
mod console;
mod crash;
mod deploy;
mod fuzz;
mod licences;
mod load;
mod process;
mod project;
mod reference;
mod sim;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

use crate::conformance::{Report, Suite};
use crate::project::Project;

/// Tools of the smithers repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what the tests need and run all of them.
    Test,
    /// Run every check that needs no running gateway: format, tidy, licences, clippy, docs.
    Check,
    /// Check the architecture and the house rules.
    Tidy,
    /// Check licences, bans and sources of the dependencies against deny.toml.
    Licences,
    /// Compare the built gateway with recordings, probes and the public client.
    #[command(subcommand)]
    Conformance(Suite),
    /// Write docs/reference from what the binary says of itself.
    Reference(reference::Options),
    /// Sign what a pipeline found of this commit, for `smithers doctor`.
    CiResult(ci_result::Options),
    /// Kill the gateway at random moments and check that nothing acknowledged is lost.
    Crash(crash::Options),
    /// Drive the release build over loopback and say how fast it is.
    Load(load::Options),
    /// Feed a parser with mutated input for a while; `cargo xtask test` does so briefly.
    Fuzz(fuzz::Options),
    /// Play random histories on the real actors; a seed that fails is printed and can be replayed.
    Sim(sim::Options),
    /// Check the files of the reference deployment, or start what they describe.
    #[command(subcommand)]
    Deploy(deploy::Command),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::line(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    let project = Project::find()?;
    match command {
        Command::Test => test::run(&project).await,
        Command::Check => check::run(&project),
        Command::Tidy => tidy::run(&project),
        Command::Licences => licences::run(&project),
        Command::Conformance(suite) => verdict(&suite.run(&project).await?),
        Command::CiResult(options) => ci_result::run(&project, &options),
        Command::Reference(options) => reference::run(&project, options),
        Command::Crash(options) => verdict(&crash::run(&project, options).await?),
        Command::Load(options) => load::run(&project, options).await,
        Command::Sim(options) => sim::run(&project, &options),
        Command::Fuzz(options) => fuzz::run(&project, &options),
        Command::Deploy(command) => verdict(&command.run(&project).await?),
    }
}

fn verdict(report: &Report) -> Result<()> {
    match report.failed() {
        0 => Ok(()),
        failed => bail!("{failed} cases failed"),
    }
}
