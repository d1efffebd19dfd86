//! The command line: what was typed becomes validated options, then one command runs.
//!
//! Data goes to standard output, everything else to standard error.
//! Exit codes: 0 done, 1 failed, 2 wrong usage.

mod config_show;
mod gateway;
mod runs_events;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A self-hosted gateway for durable agent workflows.
#[derive(Debug, Parser)]
#[command(name = "smithers", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the gateway: serve a workflow module over HTTP and WebSocket.
    Gateway(gateway::GatewayArgs),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at runs through a gateway.
    #[command(subcommand)]
    Runs(RunsCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print every value with its origin.
    Show(config_show::ShowArgs),
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// Print the events of a run, and follow it live.
    Events(runs_events::EventsArgs),
}

/// Reads the command line, runs the command, and returns the exit code of the process.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Gateway(args) => gateway::run(args),
        Command::Config(ConfigCommand::Show(args)) => config_show::run(&args),
        Command::Runs(RunsCommand::Events(args)) => runs_events::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            fail(&error);
            ExitCode::FAILURE
        }
    }
}

/// Prints an error with what led to it, each once.
#[expect(
    clippy::print_stderr,
    reason = "this is where the command line speaks to a person"
)]
fn fail(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

/// Prints a line of data. A reader that has gone, such as `head`, ends the program quietly.
fn say(line: &str) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}
