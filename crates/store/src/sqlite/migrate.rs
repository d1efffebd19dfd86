//! The migration ladder: each step and its ledger row are one transaction, so that a death in between leaves
//! a database that the next start completes (operations 2).

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::settings::APPLICATION_ID;
use crate::error::OpenError;

/// A step of the ladder.
pub(super) struct Migration {
    /// Text key, rising.
    pub(super) id: &'static str,
    sql: &'static str,
}

macro_rules! ladder {
    ($($id:literal),+ $(,)?) => {
        &[$(Migration {
            id: $id,
            sql: include_str!(concat!("../../../../migrations/sqlite/", $id, ".sql")),
        }),+]
    };
}

/// All steps in order. A released one is never edited; its checksum is compared at each start.
pub(super) const LADDER: &[Migration] = ladder![
    "0001_gateway",
    "0002_runs",
    "0003_nodes",
    "0004_events",
    "0005_approvals",
    "0006_outputs",
    "0007_frames",
    "0008_modules",
    "0009_audit",
];

const LEDGER: &str = "
CREATE TABLE IF NOT EXISTS _smithers_schema_migrations (
    id            TEXT    PRIMARY KEY,
    name          TEXT    NOT NULL,
    applied_at_ms INTEGER NOT NULL,
    checksum      TEXT    NOT NULL,
    destructive   INTEGER NOT NULL DEFAULT 0,
    details_json  TEXT
) STRICT";

impl Migration {
    fn number(&self) -> i32 {
        let digits = self.id.split('_').next().unwrap_or_default();
        digits.parse().expect("ids begin with their number")
    }

    fn name(&self) -> &'static str {
        self.id.split_once('_').map_or(self.id, |(_, name)| name)
    }

    fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql))
    }
}

/// Newest step of this program.
pub(super) fn head() -> &'static Migration {
    LADDER.last().expect("the ladder has steps")
}

/// Brings a database to [`head`]; refuses one from a newer version or with other steps than ours.
pub(super) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), OpenError> {
    refuse_newer(conn, path)?;
    for step in LADDER {
        match climb(conn, step) {
            Ok(None) => {}
            Ok(Some(applied)) if applied == step.checksum() => {}
            Ok(Some(_)) => {
                return Err(OpenError::Drifted {
                    path: path.to_owned(),
                    detail: format!("migration `{}` was applied with another text", step.id),
                });
            }
            Err(source) => {
                return Err(OpenError::Database {
                    path: path.to_owned(),
                    doing: "migrating it",
                    source,
                });
            }
        }
    }
    Ok(())
}

fn refuse_newer(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let newest = newest_applied(conn).map_err(|source| OpenError::Database {
        path: path.to_owned(),
        doing: "reading its ledger",
        source,
    })?;
    match newest {
        Some(found) if found.as_str() > head().id => Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: head().id.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn newest_applied(conn: &Connection) -> rusqlite::Result<Option<String>> {
    if !conn.table_exists(None, "_smithers_schema_migrations")? {
        return Ok(None);
    }
    conn.query_row(
        "SELECT max(id) FROM _smithers_schema_migrations",
        [],
        |row| row.get(0),
    )
}

/// Applies one step, or returns the checksum with which it was applied before.
fn climb(conn: &mut Connection, step: &Migration) -> rusqlite::Result<Option<String>> {
    // The lock comes before the look: of two processes that start at once, the second finds it done.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(LEDGER)?;
    let applied = tx
        .query_row(
            "SELECT checksum FROM _smithers_schema_migrations WHERE id = ?1",
            [step.id],
            |row| row.get(0),
        )
        .optional()?;
    if applied.is_some() {
        return Ok(applied);
    }
    tx.execute_batch(step.sql)?;
    tx.execute(
        "INSERT INTO _smithers_schema_migrations (id, name, applied_at_ms, checksum)
         VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER), ?3)",
        params![step.id, step.name(), step.checksum()],
    )?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", step.number())?;
    tx.commit()?;
    Ok(None)
}

/// Applies all steps to an empty database that nobody keeps, to see what they make.
pub(super) fn fresh() -> rusqlite::Result<Connection> {
    let conn = Connection::open_in_memory()?;
    conn.execute_batch(LEDGER)?;
    for step in LADDER {
        conn.execute_batch(step.sql)?;
    }
    Ok(conn)
}
