//! What is in a database, in numbers that two copies can be compared by.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{Error, database};
use super::open::reading;
use super::progress::{Progress, Stage, Watcher};
use crate::audit_chain;
use crate::sqlite;

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contents {
    /// Id of the database; survives backup and restore. Empty before a gateway has ever opened it.
    pub database_id: String,
    /// Newest migration.
    pub head: String,
    /// Rows of every table.
    pub tables: BTreeMap<String, u64>,
    /// The logs of all runs.
    pub sequences: Sequences,
    /// End of the audit trail.
    pub audit: AuditHead,
    /// Time of the newest event, milliseconds since 1970; `None` without events.
    pub newest_event_at_ms: Option<i64>,
}

/// The logs of all runs in one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sequences {
    /// Runs that have events.
    pub runs: u64,
    /// SHA-256 over the lines `<run id> <newest seq>`, sorted by id.
    pub digest: String,
}

/// End of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditHead {
    /// Number of the newest row; 0 without rows.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

impl Contents {
    /// Returns the names of what differs, with both values.
    pub(super) fn differences(&self, found: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: &str, found: &str| {
            if expected != found {
                differences.push(format!("{what} is {found} instead of {expected}"));
            }
        };
        compare("database id", &self.database_id, &found.database_id);
        compare("newest migration", &self.head, &found.head);
        let names = self.tables.keys().chain(found.tables.keys());
        for name in names.collect::<std::collections::BTreeSet<_>>() {
            let count = |tables: &BTreeMap<String, u64>| {
                tables.get(name).map_or("absent".to_owned(), u64::to_string)
            };
            let (expected, found) = (count(&self.tables), count(&found.tables));
            compare(&format!("rows of `{name}`"), &expected, &found);
        }
        compare(
            "digest of the sequences",
            &self.sequences.digest,
            &found.sequences.digest,
        );
        compare(
            "head of the audit chain",
            &self.audit.hash,
            &found.audit.hash,
        );
        differences
    }
}

/// Reads what the database at `path` holds, at one instant, beside a running gateway or without one.
///
/// # Errors
/// There is none, it is not ours, or it cannot be read.
pub fn inspect(path: &Path, watch: &mut Watcher<'_>) -> Result<Contents, Error> {
    let mut conn = reading(path)?;
    let tx = database(conn.transaction(), "reading it", path)?;
    contents(&tx, path, watch)
}

pub(super) fn contents(
    conn: &Connection,
    path: &Path,
    watch: &mut Watcher<'_>,
) -> Result<Contents, Error> {
    watch(Progress::begun(Stage::Counting));
    let read = || -> rusqlite::Result<Contents> {
        Ok(Contents {
            database_id: database_id(conn)?,
            head: head(conn)?,
            tables: tables(conn)?,
            sequences: sequences(conn)?,
            audit: audit_head(conn)?,
            newest_event_at_ms: newest_event(conn)?,
        })
    };
    database(read(), "counting its rows", path)
}

fn database_id(conn: &Connection) -> rusqlite::Result<String> {
    let sql = "SELECT database_id FROM _smithers_gateway WHERE id = 1";
    let id = conn.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(id.unwrap_or_default())
}

fn head(conn: &Connection) -> rusqlite::Result<String> {
    let sql = "SELECT coalesce(max(id), '') FROM _smithers_schema_migrations";
    conn.query_row(sql, [], |row| row.get(0))
}

fn tables(conn: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut statement = conn.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    let names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
    let count = |name: String| {
        let sql = format!("SELECT count(*) FROM {}", sqlite::quoted(&name));
        let rows = conn.query_row(&sql, [], |row| row.get(0))?;
        Ok((name, rows))
    };
    names.into_iter().map(count).collect()
}

fn sequences(conn: &Connection) -> rusqlite::Result<Sequences> {
    let mut statement = conn
        .prepare("SELECT run_id, max(seq) FROM _smithers_events GROUP BY run_id ORDER BY run_id")?;
    let mut rows = statement.query([])?;
    let (mut runs, mut hasher) = (0, Sha256::new());
    while let Some(row) = rows.next()? {
        let (run, newest): (String, u64) = (row.get(0)?, row.get(1)?);
        hasher.update(format!("{run} {newest}\n"));
        runs += 1;
    }
    Ok(Sequences {
        runs,
        digest: hex::encode(hasher.finalize()),
    })
}

fn audit_head(conn: &Connection) -> rusqlite::Result<AuditHead> {
    let sql = "SELECT seq, hash FROM _smithers_audit ORDER BY seq DESC LIMIT 1";
    let newest = conn.query_row(sql, [], |row| {
        Ok(AuditHead {
            seq: row.get(0)?,
            hash: row.get(1)?,
        })
    });
    Ok(newest.optional()?.unwrap_or_else(|| AuditHead {
        seq: 0,
        hash: audit_chain::GENESIS.to_owned(),
    }))
}

fn newest_event(conn: &Connection) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT timestamp_ms FROM _smithers_events ORDER BY position DESC LIMIT 1";
    conn.query_row(sql, [], |row| row.get(0)).optional()
}
