//! What the audit trail tells: that nobody has changed it, and that no run went away without a trace.

use rusqlite::Connection;
use smithers_model::audit::kind;

use super::{Finding, finding, read_finding, skipped, texts};
use crate::audit_chain::ChainCursor;
use crate::read::{AuditReader, ReadResult};
use crate::sqlite::SqliteReader;

/// Rows of the trail read at a time.
const PAGE: usize = 1000;

/// Every row of the trail follows from the one before it.
pub(super) fn chain(conn: Connection) -> Finding {
    read_finding("audit-chain", breaks(&SqliteReader::alone(conn)))
}

fn breaks(reader: &dyn AuditReader) -> ReadResult<Vec<String>> {
    let mut chain = ChainCursor::default();
    loop {
        let rows = reader.audit(chain.seq(), PAGE)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(seq) = chain.follow(&rows) {
            let problem = format!("row {seq} does not follow from those before it");
            return Ok(vec![problem]);
        }
    }
}

/// Runs that were launched and of which neither a row nor a tombstone is left, and doors that a deletion by hand came
/// through.
pub(super) fn deletions(conn: &Connection) -> Finding {
    const ID: &str = "deletions";
    match conn.table_exists(None, "_smithers_run_tombstones") {
        Ok(true) => finding(ID, traceless(conn)),
        Ok(false) => skipped(ID, "its version had no tombstones"),
        Err(error) => finding(ID, Err(error)),
    }
}

fn traceless(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = format!(
        "SELECT DISTINCT format('run `%s` was launched and is gone without a tombstone', a.run_id)
         FROM _smithers_audit a
         WHERE a.kind = '{launch}' AND a.outcome = 'accepted' AND a.run_id IS NOT NULL
           AND a.run_id NOT IN (SELECT run_id FROM _smithers_runs)
           AND a.run_id NOT IN (SELECT run_id FROM _smithers_run_tombstones)",
        launch = kind::LAUNCH
    );
    let mut problems = texts(conn, &sql)?;
    // Filled and emptied inside of one transaction, so nobody ever sees a row in it.
    problems.extend(texts(
        conn,
        "SELECT format('the rows of run `%s` can be deleted by anybody', run_id) FROM _smithers_deletion_session",
    )?);
    Ok(problems)
}
