//! Why work on a database file was not done, cut by what an operator does about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Work that was not done. Nothing was left half done that looks whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to work on.
    #[error("there is no {what} at `{}`", path.display())]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// Something is there that would be overwritten.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// What would be overwritten.
        path: PathBuf,
    },
    /// The disk is too full.
    #[error("{needed} bytes are needed beside `{}`, and {free} are free", path.display())]
    Space {
        /// The file that would be written.
        path: PathBuf,
        /// How much it takes, bytes.
        needed: u64,
        /// How much there is, bytes.
        free: u64,
    },
    /// Somebody else is writing a backup to the same folder.
    #[error("another backup is being written to `{}`", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A database or a backup is not what it should be.
    #[error("the {what} `{}` is not sound: {}", path.display(), problems.join("; "))]
    Unsound {
        /// `database` or `backup`.
        what: &'static str,
        /// What was looked at.
        path: PathBuf,
        /// What is wrong, at least one.
        problems: Vec<String>,
    },
    /// The database cannot be used, for example because a gateway runs on it.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file or folder could not be read or written.
    #[error("failed to {doing} `{}`", path.display())]
    Files {
        /// Which one.
        path: PathBuf,
        /// What was attempted.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("the database `{}` failed while {doing}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What was attempted.
        doing: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// A row of the database cannot be read.
    #[error("the database `{}` cannot be read", path.display())]
    Read {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: crate::error::Error,
    },
}

/// Adds to an error of the operating system what was attempted.
pub(super) fn files<T>(
    result: io::Result<T>,
    doing: &'static str,
    path: &Path,
) -> Result<T, Error> {
    result.map_err(|source| Error::Files {
        path: path.to_owned(),
        doing,
        source,
    })
}

/// Adds to an error of SQLite what was attempted.
pub(super) fn database<T>(
    result: rusqlite::Result<T>,
    doing: &'static str,
    path: &Path,
) -> Result<T, Error> {
    result.map_err(|source| Error::Database {
        path: path.to_owned(),
        doing,
        source,
    })
}
