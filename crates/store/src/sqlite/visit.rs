//! A writing connection for a command: beside the gateway for one transaction, or in its place for a migration.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use smithers_model::audit::{AuditRecord, Channel};
use smithers_model::cache::CacheFilter;

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

/// Forgets at most `most` kept results of the file at `path`; when any went, `record` is added to its audit trail.
pub(crate) fn clear_cache(
    path: &Path,
    filter: &CacheFilter,
    most: u32,
    record: impl Fn(u64) -> AuditRecord,
) -> Result<u64, OpenError> {
    transact(path, "clearing its cache", |conn| {
        let gone = write::clear_cache(conn, filter, most)?;
        if gone > 0 {
            write::append_audit(conn, &record(gone))?;
        }
        Ok(gone)
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
        let conn = settings::open_for_reading(path)?;
        drift::differences(&conn)
    };
    look().map_err(|source| OpenError::Database {
        path: path.to_owned(),
        doing: "comparing its tables",
        source,
    })
}

/// Migrates the file at `path` to the newest step of this program, which no gateway may use meanwhile. With
/// `accept_drift`, steps that were applied with another text count as applied.
pub(crate) fn bring_up(path: &Path, accept_drift: bool) -> Result<(), OpenError> {
    let opener = Opener::new(&SqliteOptions::new(path));
    let mut conn = opener.writing()?;
    if accept_drift {
        let accepted = migrate::accept_drift(&mut conn);
        opener.describe("accepting its migrations", accepted)?;
    }
    migrate::migrate(&mut conn, path)?;
    drift::check(&conn, path)
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
