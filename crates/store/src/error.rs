//! Errors of opening, reading and committing, cut by what a caller does about them.

use std::path::PathBuf;

/// What kind of trouble the storage is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// No space is left; goes on by itself once there is some.
    DiskFull,
    /// Reading, writing or syncing failed.
    Io,
    /// The file is damaged.
    Corrupt,
    /// Another process holds the file.
    Locked,
    /// A defect of this program, for example a panic in the backend.
    Internal,
}

/// A transaction whose fate is unknown: it may be stored whole, or not at all.
/// Whoever gets this must not tell anybody either, and has to read back what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transaction was not acknowledged: {message}")]
pub struct CommitError {
    /// What kind of trouble.
    pub kind: FaultKind,
    /// Text of the storage.
    pub message: String,
}

impl CommitError {
    /// Names a fault.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// A read that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// All connections stayed in use; worth another try.
    #[error("no database connection became free in time")]
    Busy,
    /// It took longer than it may where it was asked; worth asking elsewhere.
    #[error("the read took longer than it may on its thread")]
    TooLong,
    /// A row that this version cannot make sense of.
    #[error("a stored {what} cannot be read: {detail}")]
    Damaged {
        /// Which column or row.
        what: &'static str,
        /// Why.
        detail: String,
    },
    /// The storage failed.
    #[error("the database could not be read")]
    Database(#[source] rusqlite::Error),
    /// The thread that was reading ended before it had an answer.
    #[error("the reading thread ended early: {0}")]
    Abandoned(String),
}

impl Error {
    /// The thread on which a caller had put the read is gone, for the reason `why`.
    pub fn reader_gone(why: &impl std::fmt::Display) -> Self {
        Self::Abandoned(why.to_string())
    }

    /// What is stored as `what` is not what was stored.
    pub fn damaged(what: &'static str, detail: impl ToString) -> Self {
        Self::Damaged {
            what,
            detail: detail.to_string(),
        }
    }
}

/// A database that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another gateway lives on this file.
    #[error("`{}` is in use by another gateway{}", path.display(), by(*pid))]
    InUse {
        /// The database file.
        path: PathBuf,
        /// Process id that the other one left in the lock file.
        pid: Option<u32>,
    },
    /// A newer version of the product has migrated it.
    #[error("`{}` was written by a newer version (migration `{found}`); this one knows up to `{known}`", path.display())]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Newest migration in the file.
        found: String,
        /// Newest migration of this program.
        known: String,
    },
    /// An older version of the product wrote it, and nobody has migrated it yet.
    #[error("`{}` is not migrated to `{known}` yet; start a gateway on it, or run `smithers db migrate`", path.display())]
    Older {
        /// The database file.
        path: PathBuf,
        /// Newest migration of this program.
        known: String,
    },
    /// Its tables are not those that its ledger claims.
    #[error("`{}` differs from its migrations: {detail}", path.display())]
    Drifted {
        /// The database file.
        path: PathBuf,
        /// What differs.
        detail: String,
    },
    /// Its pages are damaged; nothing was written to it.
    #[error("`{}` is damaged: {}", path.display(), damages.join("; "))]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What SQLite found, at least one, at most ten.
        damages: Vec<String>,
    },
    /// No copy could be kept before a migration that takes something away; it was not applied.
    #[error("`{}` was not migrated: no copy could be kept before `{step}`", path.display())]
    NotKept {
        /// The database file.
        path: PathBuf,
        /// The migration.
        step: &'static str,
        /// Why.
        source: Box<crate::ops::Error>,
    },
    /// The file belongs to another program.
    #[error("`{}` is not a database of this product", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file system cannot hold a write-ahead log; network file systems cannot.
    #[error("the file system of `{}` does not support a write-ahead log", path.display())]
    NoLog {
        /// The database file.
        path: PathBuf,
    },
    /// Files could not be made or locked.
    #[error("could not prepare `{}`", path.display())]
    Files {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("could not open `{}` while {doing}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What was attempted.
        doing: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// The writer thread could not be started.
    #[error("could not start the writer thread")]
    Thread(#[source] std::io::Error),
}

fn by(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}
