//! A writing connection for a command beside the gateway: one transaction, no ownership, no migration.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use smithers_model::audit::AuditRecord;

use super::settings::Opener;
use super::{SqliteOptions, migrate, write};
use crate::error::OpenError;

/// Appends to the audit trail of the file at `path`.
pub(crate) fn append_audit(path: &Path, record: &AuditRecord) -> Result<(), OpenError> {
    transact(path, "adding to its audit trail", |conn| {
        write::append_audit(conn, record)
    })
}

/// Runs `work` in one durable transaction on a file that this version has migrated.
fn transact<T>(
    path: &Path,
    doing: &'static str,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, OpenError> {
    let opener = Opener::new(&SqliteOptions::new(path));
    let mut conn = opener.writing()?;
    migrate::refuse_other_version(&conn, path)?;
    let result = (|| {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    })();
    opener.describe(doing, result)
}
