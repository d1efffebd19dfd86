//! Sorts SQLite's errors: is it this row's own fault, or is the storage in trouble?

use rusqlite::ErrorCode;

use crate::commit::Refusal;
use crate::error::{CommitError, FaultKind};

/// An error while a step is written.
pub(super) enum Trouble {
    /// The row does not fit; the step is left out and the rest of the batch goes on.
    Row(Refusal),
    /// The storage fails; nothing of the batch can be told.
    Storage(CommitError),
}

/// Sorts an error of a statement that wrote a row.
pub(super) fn sort(error: rusqlite::Error) -> Trouble {
    match error.sqlite_error_code().and_then(kind_of) {
        Some(kind) => Trouble::Storage(CommitError::new(kind, error.to_string())),
        None => Trouble::Row(Refusal::constraint(error.to_string())),
    }
}

/// An error of BEGIN or COMMIT, or of a statement that is nobody's row: always the storage's.
pub(super) fn storage(error: rusqlite::Error) -> CommitError {
    let kind = error.sqlite_error_code().and_then(kind_of);
    CommitError::new(kind.unwrap_or(FaultKind::Internal), error.to_string())
}

/// `None` for codes that tell of the row: broken rules, failing triggers, missing columns, too large values.
fn kind_of(code: ErrorCode) -> Option<FaultKind> {
    Some(match code {
        ErrorCode::DiskFull => FaultKind::DiskFull,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => FaultKind::Corrupt,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => FaultKind::Locked,
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::NoLargeFileSupport => FaultKind::Io,
        ErrorCode::InternalMalfunction
        | ErrorCode::OperationAborted
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory
        | ErrorCode::ApiMisuse => FaultKind::Internal,
        _ => return None,
    })
}
