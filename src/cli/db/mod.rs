//! `smithers db`: look at the database file, migrate it, examine it.

mod check;
mod migrate;
mod status;

use clap::Subcommand;

use super::output::Output;

/// What can be done with the database file.
#[derive(Debug, Subcommand)]
pub(super) enum DbCommand {
    /// Show the file, its migrations, its owner and what is in it.
    Status(status::StatusArgs),
    /// Bring the database to this version. No gateway may be running on it; one that starts does the same.
    Migrate(migrate::MigrateArgs),
    /// Examine the database, beside a running gateway or without one. Changes nothing.
    Check(check::CheckArgs),
}

pub(super) fn run(command: &DbCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        DbCommand::Status(args) => status::run(args, output),
        DbCommand::Migrate(args) => migrate::run(args, output),
        DbCommand::Check(args) => check::run(args, output),
    }
}
