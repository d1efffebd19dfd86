//! What the audit trail tells: that nobody has changed it, and that no run went away without a trace.

use rusqlite::Connection;

use super::{Finding, MOST_PROBLEMS, finding, read_finding, skipped, texts};
use crate::audit_chain::{GENESIS, first_break};
use crate::read::{AuditEntry, AuditReader, ReadResult};
use crate::sqlite::SqliteReader;

/// Rows of the trail read at a time.
const PAGE: usize = 1000;

/// Every row of the trail follows from the one before it.
pub(super) fn chain(conn: Connection) -> Finding {
    read_finding("audit-chain", breaks(&SqliteReader::alone(conn)))
}

fn breaks(reader: &dyn AuditReader) -> ReadResult<Vec<String>> {
    let mut rows = reader.audit(0, PAGE)?;
    if let Some(first) = rows.first()
        && (first.seq != 1 || first.prev_hash != GENESIS)
    {
        return Ok(vec![format!(
            "it begins with row {}, not with the first",
            first.seq
        )]);
    }
    loop {
        if let Some(seq) = first_break(&rows) {
            return Ok(vec![format!(
                "row {seq} does not follow from those before it"
            )]);
        }
        let Some(last) = rows.pop() else {
            return Ok(Vec::new());
        };
        // The last row stays, so that the next page is linked to it.
        rows = following(reader, last)?;
        if rows.len() == 1 {
            return Ok(Vec::new());
        }
    }
}

fn following(reader: &dyn AuditReader, last: AuditEntry) -> ReadResult<Vec<AuditEntry>> {
    let next = reader.audit(last.seq, PAGE)?;
    Ok(std::iter::once(last).chain(next).collect())
}

/// Runs that were launched, and of which neither a row nor a tombstone is left: somebody deleted them by hand.
pub(super) fn deletions(conn: &Connection) -> Finding {
    const ID: &str = "deletions";
    match conn.table_exists(None, "_smithers_run_tombstones") {
        Ok(true) => {}
        Ok(false) => return skipped(ID, "there are no tombstones in this version"),
        Err(error) => return finding(ID, Err(error)),
    }
    let sql = format!(
        "SELECT DISTINCT format('run `%s` was launched and is gone without a tombstone', a.run_id)
         FROM _smithers_audit a
         WHERE a.kind = 'launch' AND a.outcome = 'accepted' AND a.run_id IS NOT NULL
           AND a.run_id NOT IN (SELECT run_id FROM _smithers_runs)
           AND a.run_id NOT IN (SELECT run_id FROM _smithers_run_tombstones)
         LIMIT {MOST_PROBLEMS}"
    );
    finding(ID, texts(conn, &sql))
}
