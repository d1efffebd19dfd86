//! Adds rows to the audit trail of a database file.

use std::path::Path;
use std::sync::Arc;

use smithers_model::audit::AuditRecord;
use smithers_model::redact::BearerRedactor;

use crate::boundary::Boundary;
use crate::error::OpenError;
use crate::sqlite;

/// Adds `record` to the audit trail of the database at `path`, durable once this returns. A gateway may be
/// running on the file: this waits up to half a minute for its turn.
///
/// # Errors
/// The file is missing, of another program, or of another version than this program; or it cannot be written.
pub fn append(path: &Path, mut record: AuditRecord) -> Result<(), OpenError> {
    Boundary::new(Arc::new(BearerRedactor)).audit(&mut record);
    sqlite::append_audit(path, &record)
}
