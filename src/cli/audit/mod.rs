//! `smithers audit`: reads the trail of a database file, beside a running gateway or without one.

mod export;
mod tail;
mod verify;

use clap::Subcommand;
use smithers_store::read::AuditEntry;
use smithers_store::{ReadGuard, ops};

use super::database::failure;
use super::error::CliError;
use super::output::Output;
use crate::config::Config;

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// What can be asked of the audit trail.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Print the newest rows, and those to come.
    Tail(tail::TailArgs),
    /// Write rows as lines of JSON with their digests; a file that was cut off can be continued.
    Export(export::ExportArgs),
    /// Check that no row was changed, removed or put in between.
    Verify(verify::VerifyArgs),
}

pub(super) fn run(command: &AuditCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        AuditCommand::Tail(args) => tail::run(args, output),
        AuditCommand::Export(args) => export::run(args, output),
        AuditCommand::Verify(args) => verify::run(args, output),
    }
}

/// The trail of the configured database.
struct Trail(ReadGuard);

impl Trail {
    fn open(config: &Config) -> Result<Self, CliError> {
        ops::reader(&config.storage.db_path)
            .map(Self)
            .map_err(failure)
    }

    fn after(&self, seq: u64, limit: usize) -> Result<Vec<AuditEntry>, CliError> {
        self.0.audit(seq, limit).map_err(|error| unreadable(&error))
    }

    fn last(&self) -> Result<Option<AuditEntry>, CliError> {
        self.0.last_audit().map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &smithers_store::Error) -> CliError {
    CliError::new("DB_FAILED", error.to_string())
        .hint("`smithers db check` says what is wrong with it")
}
