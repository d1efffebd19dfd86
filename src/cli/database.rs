//! What the commands on a database file share: which file, and how its failures are told.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::PathBuf;

use clap::Args;
use smithers_store::OpenError;
use smithers_store::ops::Error;

use super::config::FileArg;
use super::error::CliError;
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

/// Tells why work on a database file was not done, and what to do about it.
pub(super) fn failure(error: Error) -> CliError {
    let told = CliError::new(code(&error), sentence(&error));
    match hint(&error) {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

/// The error with what led to it.
fn sentence(error: &Error) -> String {
    let mut sentence = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        sentence = format!("{sentence}: {cause}");
        source = cause.source();
    }
    sentence
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

fn open_code(error: &OpenError) -> &'static str {
    match error {
        OpenError::InUse { .. } => "DB_IN_USE",
        OpenError::Newer { .. } => "DB_SCHEMA_NEWER",
        OpenError::Older { .. } => "DB_SCHEMA_OLDER",
        OpenError::Drifted { .. } => "DB_SCHEMA_DRIFT",
        OpenError::Foreign { .. } => "DB_FOREIGN",
        OpenError::NoLog { .. } => "DB_FILE_SYSTEM",
        OpenError::NotKept { .. } => "DB_NOT_KEPT",
        OpenError::Files { .. } => "FILE_FAILED",
        OpenError::Database { .. } | OpenError::Thread(_) => "DB_FAILED",
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
