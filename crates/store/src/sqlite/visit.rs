//! A writing connection for a command beside the gateway: one transaction, no ownership, no migration.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use smithers_model::audit::{AuditRecord, Channel};

use super::drift::Difference;
use super::settings::{self, Opener};
use super::{SqliteOptions, drift, migrate, migration_audit, write};
use crate::error::OpenError;

/// Appends to the audit trail of the file at `path`.
pub(crate) fn append_audit(path: &Path, record: &AuditRecord) -> Result<(), OpenError> {
    transact(path, "adding to its audit trail", |conn| {
        write::append_audit(conn, record)
    })
}

/// Tells the audit trail of the file at `path` which migrations were applied over `channel`.
pub(crate) fn note_migrations(path: &Path, channel: Channel) -> Result<(), OpenError> {
    transact(path, "recording its migrations", |conn| {
        migration_audit::note(conn, channel)
    })
}

/// Lists what of the file at `path` is not as the migrations made it; only reads.
pub(crate) fn differences(path: &Path) -> Result<Vec<Difference>, OpenError> {
    let look = || {
        let mut conn = Connection::open_with_flags(path, settings::READ_FLAGS)?;
        settings::for_reading(&mut conn)?;
        drift::differences(&conn)
    };
    look().map_err(|source| OpenError::Database {
        path: path.to_owned(),
        doing: "comparing its tables",
        source,
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
