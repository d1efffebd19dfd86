//! The audit trail of a database file: adds rows, and looks after what protects them.

use std::path::Path;

use smithers_model::audit::{AuditRecord, Channel};

use crate::boundary::Boundary;
use crate::error::OpenError;
use crate::sqlite::{self, Difference};

/// Adds `record` to the audit trail of the database at `path`, durable once this returns. A gateway may be
/// running on the file: this waits up to half a minute for its turn.
///
/// # Errors
/// The file is missing, of another program, or of another version than this program; or it cannot be written.
pub fn append(path: &Path, mut record: AuditRecord) -> Result<(), OpenError> {
    Boundary::new(smithers_redact::shared()).audit(&mut record);
    sqlite::append_audit(path, &record)
}

/// Tells the audit trail which migrations of the database at `path` were applied since it was last told; for
/// a command that has migrated it. A gateway does so itself when it starts.
///
/// # Errors
/// As [`append`].
pub fn note_migrations(path: &Path, channel: Channel) -> Result<(), OpenError> {
    sqlite::note_migrations(path, channel)
}

/// Lists the triggers of the database at `path` that are missing or have another text: those that keep the
/// audit trail, decisions, events, deployments and tombstones from being changed. Empty when all is well.
///
/// # Errors
/// The file cannot be read.
pub fn broken_triggers(path: &Path) -> Result<Vec<Difference>, OpenError> {
    let all = sqlite::differences(path)?;
    Ok(all.into_iter().filter(|found| found.is_trigger).collect())
}
