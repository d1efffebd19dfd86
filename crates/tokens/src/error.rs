//! Why the store cannot be read or changed.

use std::io;
use std::path::{Path, PathBuf};

use crate::action::Denial;
use crate::load::LoadError;
use crate::ttl::TtlError;

/// A refusal or a failure of the store. No text repeats a bearer or a handle.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One of the store's files cannot be used.
    #[error("`{}` cannot be used: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: LoadError,
    },
    /// Others could replace the store.
    #[error("`{}` is refused: {why}", path.display())]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// What is wrong with its place.
        why: &'static str,
    },
    /// Another command holds the lock for too long, or too many wait for it.
    #[error("other commands keep `{}` locked", .0.display())]
    Busy(PathBuf),
    /// Writing failed; the store is as it was.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The change is in force, but the audit trail does not say so.
    #[error("the change is in force, but failed to record it in `{}`", path.display())]
    Unrecorded {
        /// The audit trail.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The store would become larger than it may be.
    #[error("the store is full: at most {0}")]
    Full(&'static str),
    /// Nothing in the store is meant by what was given.
    #[error("no such token in the store")]
    NotFound,
    /// The grant has ended, so nothing can be made of it.
    #[error("the grant is {0}")]
    Ended(&'static str),
    /// A scope that the grant does not have.
    #[error("the grant does not have: {0}")]
    NotGranted(String),
    /// A lifetime that is refused.
    #[error(transparent)]
    Ttl(#[from] TtlError),
    /// The handle does not open the action.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
}

impl Error {
    /// Returns the code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Unreadable { .. } => "TOKEN_STORE_UNREADABLE",
            Error::Unsafe { .. } => "TOKEN_STORE_UNSAFE",
            Error::Busy(_) => "TOKEN_STORE_BUSY",
            Error::Write { .. } => "TOKEN_STORE_WRITE_FAILED",
            Error::Unrecorded { .. } => "TOKEN_AUDIT_FAILED",
            Error::Full(_) => "TOKEN_STORE_FULL",
            Error::NotFound => "TOKEN_NOT_FOUND",
            Error::Ended(_) => "TOKEN_NOT_ACTIVE",
            Error::NotGranted(_) => "SCOPE_NOT_GRANTED",
            Error::Ttl(error) => error.code(),
            Error::Denied(_) => "TOKEN_EXEC_FAILED",
            Error::Random => "TOKEN_RANDOM_FAILED",
        }
    }
}

/// Says which file could not be read.
pub(crate) fn unreadable(path: &Path, why: impl Into<LoadError>) -> Error {
    Error::Unreadable {
        path: path.to_owned(),
        why: why.into(),
    }
}

/// Says which file could not be written.
pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    |source| Error::Write { path, source }
}
