//! The command line: what was typed becomes validated options, then one command runs.
//!
//! Data goes to standard output, everything else to standard error.
//! Exit codes: 0 done, 1 failed, 4 wrong usage.

mod approvals;
mod audit;
mod backup;
mod cache;
mod client;
mod completions;
mod config;
mod crons;
mod database;
mod db;
mod doctor;
mod error;
mod explain;
mod findings;
mod gateway;
mod health;
mod input;
mod metrics;
mod moment;
mod output;
mod progress;
mod reference;
mod runs;
mod shown;
mod start_error;
mod token;
mod usage;
mod workflows;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use error::CliError;
use output::{Output, OutputArgs};

/// A self-hosted gateway for durable agent workflows.
#[derive(Debug, Parser)]
#[command(name = "smithers", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the gateway: serve a workflow module over HTTP and WebSocket.
    Gateway(gateway::GatewayArgs),
    /// Issue, use and revoke bearer tokens.
    #[command(subcommand)]
    Token(Box<token::TokenCommand>),
    /// Look at runs, launch and end them, through a gateway.
    #[command(subcommand)]
    Runs(runs::RunsCommand),
    /// Look at what waits for a decision, and decide.
    #[command(subcommand)]
    Approvals(approvals::ApprovalsCommand),
    /// Launch workflows by the clock: make, list, fire and remove schedules.
    #[command(subcommand)]
    Crons(crons::CronsCommand),
    /// Look at the workflows of a gateway, or check a module.
    #[command(subcommand)]
    Workflows(workflows::WorkflowsCommand),
    /// Read the audit trail of a database: who did what, and whether it is whole.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Ask the release checklist: is this gateway sound, is this deployment ready for people?
    Doctor(doctor::DoctorArgs),
    /// Ask whether a gateway is up and accepts writes.
    Health(health::HealthArgs),
    /// Make, verify, restore and try out backups.
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Look at the database file, migrate it, examine it.
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Look at results that are kept for other runs, and forget them.
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Look at the metrics that a gateway serves.
    #[command(subcommand)]
    Metrics(metrics::MetricsCommand),
    /// Explain an error code: what it means, why it happens, what to do.
    Explain(explain::ExplainArgs),
    /// Print what a shell needs to complete commands and flags.
    Completions(completions::CompletionsArgs),
    /// Print commands, configuration, error codes and metrics as data.
    #[command(hide = true)]
    Reference,
}

/// Reads the command line, runs the command, and returns the exit code of the process.
pub fn run() -> ExitCode {
    // Errors of a gateway may repeat the token that was sent.
    if let Ok(key) = std::env::var("SMITHERS_API_KEY") {
        smithers_redact::shared().learn(&key);
    }
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let mut definition = Cli::command();
    definition.build();
    if let Some(schema) = output::schema::asked_for(&definition, &words) {
        output::put(&format!("{schema:#}"));
        return ExitCode::SUCCESS;
    }
    let matches = match definition.try_get_matches() {
        Ok(matches) => matches,
        Err(found) => return misunderstood(&found, &words),
    };
    let command = command_name(&matches);
    let cli = Cli::from_arg_matches(&matches).expect("what the definition matches, it can build");
    let output = Output::new(cli.output.clone(), command);
    match dispatch(cli.command, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&cli.output, &CliError::from(error).or_explained()),
    }
}

fn dispatch(command: Command, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Gateway(args) => gateway::run(args),
        Command::Backup(command) => backup::run(&command, output),
        Command::Db(command) => db::run(&command, output),
        Command::Cache(command) => cache::run(&command, output),
        Command::Config(command) => config::run(&command, output),
        Command::Metrics(command) => metrics::run(&command, output),
        Command::Runs(command) => runs::run(&command, output),
        Command::Approvals(command) => approvals::run(&command, output),
        Command::Crons(command) => crons::run(&command, output),
        Command::Workflows(command) => workflows::run(&command, output),
        Command::Audit(command) => audit::run(&command, output),
        Command::Doctor(args) => doctor::run(&args, output),
        Command::Health(args) => health::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(())
        }
        Command::Reference => reference::run(output),
        Command::Token(command) => token::run(*command, output),
    }
}

/// Returns the words of the command, such as `token issue`.
fn command_name(matches: &clap::ArgMatches) -> String {
    let mut words = Vec::new();
    let mut matches = matches;
    while let Some((word, below)) = matches.subcommand() {
        words.push(word);
        matches = below;
    }
    words.join(" ")
}

/// Answers words that the parser did not take for a command: help and version too.
fn misunderstood(found: &clap::Error, words: &[String]) -> ExitCode {
    let Some(error) = usage::error(found) else {
        // The text has been asked for; without a reader there is nobody to tell.
        let _ = found.print();
        return ExitCode::SUCCESS;
    };
    let args = OutputArgs::guessed(words);
    if found.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        && args.chosen().is_none()
    {
        output::note(&found.render().to_string());
        return ExitCode::from(error.exit_code());
    }
    fail(&args, &error)
}

fn fail(args: &OutputArgs, error: &CliError) -> ExitCode {
    output::print_error(args, &error.to_json(), &error.to_text());
    ExitCode::from(error.exit_code())
}

#[cfg(test)]
mod tests;
