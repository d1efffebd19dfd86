//! What the commands on a database file share: which file, and how its failures are told.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::PathBuf;

use clap::Args;
use smithers_store::OpenError;
use smithers_store::ops::Error;
use smithers_tokens::Origin;

use super::config::FileArg;
use super::error::CliError;
use super::start_error::open_code;
use crate::config::Config;

/// Which database, and where the other settings are.
#[derive(Debug, Args)]
pub(super) struct DatabaseArgs {
    /// Database file. [env: SMITHERS_DB_PATH]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    #[command(flatten)]
    file: FileArg,
}

impl DatabaseArgs {
    /// Reads the configuration; `flags` are further values of the command line by variable.
    pub(super) fn read(
        &self,
        mut flags: BTreeMap<&'static str, String>,
    ) -> Result<Config, CliError> {
        if let Some(db) = &self.db {
            flags.insert("SMITHERS_DB_PATH", db.display().to_string());
        }
        self.file.read(flags)
    }
}

/// Returns who runs this command, as the audit trail names them.
pub(super) fn actor() -> String {
    Origin::of_process(env!("CARGO_PKG_VERSION")).actor_id()
}

/// Tells why work on a database file was not done, and what to do about it.
pub(super) fn failure(error: Error) -> CliError {
    let mut told = CliError::new(code(&error), error.to_string());
    let mut cause = error.source();
    while let Some(inner) = cause {
        told = told.because(inner.to_string());
        cause = inner.source();
    }
    match hint(&error) {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::Missing {
            what: "database", ..
        } => "DB_NOT_FOUND",
        Error::Missing { .. } => "BACKUP_NOT_FOUND",
        Error::Exists { .. } => "TARGET_EXISTS",
        Error::Space { .. } => "DISK_SPACE",
        Error::Busy { .. } => "BACKUP_UNDER_WAY",
        Error::Unsound {
            what: "database", ..
        } => "DB_UNSOUND",
        Error::Unsound { .. } => "BACKUP_UNSOUND",
        Error::Open(error) => open_code(error),
        Error::Files { .. } => "FILE_FAILED",
        Error::Database { .. } | Error::Read { .. } => "DB_FAILED",
    }
}

fn hint(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Missing {
            what: "database", ..
        } => "name the file with --db or SMITHERS_DB_PATH",
        Error::Missing { .. } => "name the folder of one backup; `smithers backup list` shows them",
        Error::Exists { .. } => "use --force to replace it; it is kept under another name",
        Error::Space { .. } => "free some space, or choose another place",
        Error::Busy { .. } => "wait for it, or choose another folder with --out",
        Error::Unsound {
            what: "database", ..
        } => {
            "stop the gateway, keep a copy of the file and its -wal, and restore the newest sound backup"
        }
        Error::Unsound { .. } => "use another backup; `smithers backup list` shows them",
        Error::Open(OpenError::InUse { .. }) => "stop the gateway first",
        Error::Open(OpenError::Newer { .. }) => "use the version that wrote it, or a newer one",
        Error::Open(OpenError::Older { .. }) => {
            "run `smithers db migrate`, or start the gateway once"
        }
        Error::Open(OpenError::Drifted { .. }) => {
            "restore a backup; `smithers db migrate --accept-schema-drift` takes migrations with another text as they are"
        }
        _ => return None,
    })
}
