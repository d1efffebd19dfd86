//! `smithers config`: what the configuration is, whether it is accepted, and what it could be.

mod check;
mod show;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::error::CliError;
use super::output::{Output, put};
use crate::config::{Config, ConfigError, Sources};

/// What can be asked of the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every value with its origin.
    #[command(
        after_help = "Examples:\n  smithers config show\n  smithers config show --json --filter-output name,value"
    )]
    Show(FileArg),
    /// Say whether the configuration is accepted, and everything that is wrong with it.
    #[command(after_help = "Example:\n  smithers config check --config smithers.toml")]
    Check(FileArg),
    /// Print a full smithers.toml with every key, its meaning and its default.
    #[command(after_help = "Example:\n  smithers config example > smithers.toml")]
    Example,
}

/// Which file of settings is read.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct FileArg {
    /// File of settings; else that of SMITHERS_CONFIG, else smithers.toml here or in /etc/smithers.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl FileArg {
    /// Reads the configuration; `flags` are the values of the command line by variable.
    ///
    /// # Errors
    /// `CONFIG_INVALID` with every problem.
    pub(super) fn read(&self, flags: BTreeMap<&'static str, String>) -> Result<Config, CliError> {
        let sources = Sources::of_process(flags).with_file(self.config.as_deref());
        Config::read(&sources).map_err(|refused| invalid(&refused))
    }
}

fn invalid(refused: &ConfigError) -> CliError {
    let hint = "`smithers config example` prints every key with what it accepts";
    let error = CliError::new("CONFIG_INVALID", refused.to_string()).hint(hint);
    refused.problems.iter().fold(error, |error, problem| {
        error.field(&problem.name, problem.to_string())
    })
}

pub(super) fn run(command: &ConfigCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Show(file) => show::run(file, output),
        ConfigCommand::Check(file) => check::run(file, output),
        ConfigCommand::Example => {
            put(&Config::example());
            Ok(())
        }
    }
}
