//! The migration ladder: each step and its ledger row are one transaction, so that a death in between leaves
//! a database that the next start completes (operations 2).

use std::collections::BTreeMap;
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

/// Begins the text of a step that takes something away.
const DESTRUCTIVE: &str = "-- Destructive:";

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
    "0010_audit_channel",
    "0011_deployments",
    "0012_deletion",
    "0014_approval_owners",
    "0015_audit_by_kind",
    "0016_loops",
    "0017_pause",
    "0018_waits",
    "0019_retry",
    "0020_signals",
    "0021_child_runs",
    "0022_cron",
    "0023_child_lists",
    "0024_approval_votes",
    "0025_approval_digests",
    "0026_continuations",
    "0027_approval_precedents",
    "0028_approval_askers",
    "0029_webhook_deliveries",
    "0030_history",
    "0031_undo_on_cancel",
    "0032_cache",
    "0033_token_usage",
    "0034_tool_calls",
    "0037_bound_nodes",
    "0038_scores",
    "0039_attempt_files",
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

    /// Whether it takes something away that the step before it had.
    fn is_destructive(&self) -> bool {
        self.sql.starts_with(DESTRUCTIVE)
    }

    fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql))
    }
}

/// Newest step of this program.
pub(super) fn head() -> &'static Migration {
    LADDER.last().expect("the ladder has steps")
}

/// Id of the newest step of this program.
pub(crate) fn head_id() -> &'static str {
    head().id
}

/// Id of the newest step that was applied to a database, empty when there is none.
pub(crate) fn newest(conn: &Connection) -> rusqlite::Result<String> {
    let newest = applied(conn)?.pop_last();
    Ok(newest.map(|(id, _)| id).unwrap_or_default())
}

/// Brings a database to [`head`]; refuses one from a newer version or with other steps than ours. Before a step that
/// takes something away, a copy of the database is kept beside it.
pub(super) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), OpenError> {
    climb_all(conn, path, LADDER)
}

fn climb_all(conn: &mut Connection, path: &Path, ladder: &[Migration]) -> Result<(), OpenError> {
    let database = |source| OpenError::Database {
        path: path.to_owned(),
        doing: "migrating it",
        source,
    };
    let applied = applied(conn).map_err(database)?;
    refuse_newer(&applied, path)?;
    for step in ladder {
        let checksum = match applied.get(step.id) {
            Some(checksum) => checksum.clone(),
            None => {
                if step.is_destructive() && !applied.is_empty() {
                    keep_before(step, path)?;
                }
                climb(conn, step).map_err(database)?
            }
        };
        if checksum != step.checksum() {
            return Err(OpenError::Drifted {
                path: path.to_owned(),
                detail: format!("migration `{}` was applied with another text", step.id),
            });
        }
    }
    Ok(())
}

/// Copies the database, as it is before `step`, to a file beside it.
fn keep_before(step: &Migration, path: &Path) -> Result<(), OpenError> {
    let kept = crate::ops::keep_before(path, step.id);
    let kept = kept.map_err(|source| OpenError::NotKept {
        path: path.to_owned(),
        step: step.id,
        source: Box::new(source),
    })?;
    tracing::warn!(step = step.id, copy = %kept.display(), "the database was copied before a step that takes something away");
    Ok(())
}

fn refuse_newer(applied: &BTreeMap<String, String>, path: &Path) -> Result<(), OpenError> {
    match applied.last_key_value() {
        Some((found, _)) if found.as_str() > head().id => Err(OpenError::Newer {
            path: path.to_owned(),
            found: found.clone(),
            known: head().id.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Fails unless the newest step of the file is that of this program.
pub(super) fn refuse_other_version(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let applied = applied(conn).map_err(|source| OpenError::Database {
        path: path.to_owned(),
        doing: "reading its migrations",
        source,
    })?;
    refuse_newer(&applied, path)?;
    if applied.contains_key(head().id) {
        return Ok(());
    }
    Err(OpenError::Older {
        path: path.to_owned(),
        known: head().id.to_owned(),
    })
}

/// Steps that were applied, with their checksums.
fn applied(conn: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    if !conn.table_exists(None, "_smithers_schema_migrations")? {
        return Ok(BTreeMap::new());
    }
    let mut statement = conn.prepare("SELECT id, checksum FROM _smithers_schema_migrations")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Applies one step, unless another process has done so meanwhile; returns the checksum in the ledger.
fn climb(conn: &mut Connection, step: &Migration) -> rusqlite::Result<String> {
    // The lock comes before the look: of two processes that start at once, the second finds it done.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(LEDGER)?;
    let done = "SELECT checksum FROM _smithers_schema_migrations WHERE id = ?1";
    if let Some(checksum) = tx.query_row(done, [step.id], |row| row.get(0)).optional()? {
        return Ok(checksum);
    }
    tx.execute_batch(step.sql)?;
    tx.execute(
        "INSERT INTO _smithers_schema_migrations (id, name, applied_at_ms, checksum, destructive)
         VALUES (?1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER), ?3, ?4)",
        params![step.id, step.name(), step.checksum(), step.is_destructive()],
    )?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", step.number())?;
    tx.commit()?;
    Ok(step.checksum())
}

/// A step of the ladder beside its row in the ledger.
pub(crate) struct LedgerRow {
    pub(crate) id: String,
    /// `None` while it is to be applied.
    pub(crate) applied_at_ms: Option<i64>,
    pub(crate) is_destructive: bool,
    /// Whether its text is the one that was applied; false for steps of a newer version.
    pub(crate) fits: bool,
}

/// Returns the steps of the ladder and those that only the ledger has, in order.
pub(crate) fn ledger(conn: &Connection) -> rusqlite::Result<Vec<LedgerRow>> {
    let mut rows = BTreeMap::new();
    for step in LADDER {
        let row = LedgerRow {
            id: step.id.to_owned(),
            applied_at_ms: None,
            is_destructive: step.is_destructive(),
            fits: true,
        };
        rows.insert(step.id.to_owned(), row);
    }
    if !conn.table_exists(None, "_smithers_schema_migrations")? {
        return Ok(rows.into_values().collect());
    }
    let sql = "SELECT id, applied_at_ms, destructive, checksum FROM _smithers_schema_migrations";
    let mut statement = conn.prepare(sql)?;
    let mut applied = statement.query([])?;
    while let Some(row) = applied.next()? {
        let (id, checksum): (String, String) = (row.get(0)?, row.get(3)?);
        let known = LADDER.iter().find(|step| step.id == id);
        let row = LedgerRow {
            applied_at_ms: Some(row.get(1)?),
            is_destructive: row.get(2)?,
            fits: known.is_some_and(|step| step.checksum() == checksum),
            id: id.clone(),
        };
        rows.insert(id, row);
    }
    Ok(rows.into_values().collect())
}

/// Takes the texts of this program for those that were applied, and notes in the ledger what stood there.
pub(super) fn accept_drift(conn: &mut Connection) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in LADDER {
        tx.execute(
            "UPDATE _smithers_schema_migrations
             SET details_json = json_set(coalesce(details_json, '{}'), '$.acceptedInPlaceOf', checksum),
                 checksum = ?2
             WHERE id = ?1 AND checksum <> ?2",
            [step.id, &step.checksum()],
        )?;
    }
    tx.commit()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::ScratchDb;

    fn ledger(scratch: &ScratchDb) -> Vec<(String, String)> {
        let conn = Connection::open(scratch.path()).unwrap();
        applied(&conn).unwrap().into_iter().collect()
    }

    #[test]
    fn the_ladder_is_in_order_and_every_step_is_in_the_ledger_with_its_checksum() {
        assert!(LADDER.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(
            LADDER
                .windows(2)
                .all(|pair| pair[0].number() < pair[1].number())
        );
        let scratch = ScratchDb::new();
        scratch.open();
        let expected: Vec<_> = LADDER
            .iter()
            .map(|step| (step.id.to_owned(), step.checksum()))
            .collect();
        assert_eq!(ledger(&scratch), expected);
        scratch.open();
        assert_eq!(ledger(&scratch), expected);
        let conn = Connection::open(scratch.path()).unwrap();
        let version: i32 = conn
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, head().number());
    }

    #[test]
    fn a_ladder_that_was_left_half_way_is_climbed_to_its_end() {
        for reached in 0..LADDER.len() {
            let scratch = ScratchDb::new();
            let mut conn = Connection::open(scratch.path()).unwrap();
            for step in &LADDER[..reached] {
                climb(&mut conn, step).unwrap();
            }
            drop(conn);
            scratch.open();
            assert_eq!(ledger(&scratch).len(), LADDER.len());
        }
    }

    #[test]
    fn before_a_destructive_step_a_copy_is_kept_that_still_has_what_it_takes_away() {
        const FIRST: Migration = Migration {
            id: "0001_first",
            sql: "CREATE TABLE kept (x); CREATE TABLE lost (x); INSERT INTO lost VALUES (7)",
        };
        const SECOND: Migration = Migration {
            id: "0002_drop",
            sql: "-- Destructive: nobody reads it.\nDROP TABLE lost",
        };
        let scratch = ScratchDb::new();
        let mut conn = Connection::open(scratch.path()).unwrap();
        climb_all(&mut conn, &scratch.path(), &[FIRST]).unwrap();
        climb_all(&mut conn, &scratch.path(), &[FIRST, SECOND]).unwrap();
        assert!(!conn.table_exists(None, "lost").unwrap());
        let copy = scratch.folder().join("smithers.db.pre-0002_drop.bak");
        let copy = Connection::open(copy).unwrap();
        let lost: i64 = copy
            .query_row("SELECT x FROM lost", [], |row| row.get(0))
            .unwrap();
        assert_eq!(lost, 7);
        let marked = "SELECT destructive FROM _smithers_schema_migrations ORDER BY id";
        let mut marked = conn.prepare(marked).unwrap();
        let marked = marked.query_map([], |row| row.get::<_, bool>(0)).unwrap();
        assert_eq!(
            marked.collect::<rusqlite::Result<Vec<_>>>().unwrap(),
            [false, true]
        );
    }

    #[test]
    fn a_new_database_has_nothing_to_keep_before_a_destructive_step() {
        let step = Migration {
            id: "0001_first",
            sql: "-- Destructive: of nothing.\nCREATE TABLE t (x)",
        };
        let scratch = ScratchDb::new();
        let mut conn = Connection::open(scratch.path()).unwrap();
        climb_all(&mut conn, &scratch.path(), &[step]).unwrap();
        assert!(
            !scratch
                .folder()
                .join("smithers.db.pre-0001_first.bak")
                .exists()
        );
    }

    #[test]
    fn a_step_that_another_process_has_applied_is_not_applied_again() {
        let scratch = ScratchDb::new();
        let (mut first, mut second) = (
            Connection::open(scratch.path()).unwrap(),
            Connection::open(scratch.path()).unwrap(),
        );
        climb(&mut first, &LADDER[0]).unwrap();
        assert_eq!(
            climb(&mut second, &LADDER[0]).unwrap(),
            LADDER[0].checksum()
        );
    }
}
