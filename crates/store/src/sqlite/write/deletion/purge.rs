//! Taking the rows of a run out of its tables, a bounded number at a time.

use rusqlite::{Connection, params};
use smithers_model::RunId;

use crate::schema::INPUT_TABLE;
use crate::sqlite::write::tables::quoted;

/// Most rows that one transaction deletes; the runs that write meanwhile wait for it.
const ROWS: usize = 4096;

/// Tables of a run whose rows go at once, with its head: nobody sees or writes the run afterwards.
const HEADS: [&str; 3] = [
    "_smithers_run_heads",
    "_smithers_launches",
    "_smithers_run_holds",
];

/// Tables whose rows belong to a run, with what tells the rows of one run apart. Rows that others refer to
/// come after those.
const OWNED: [(&str, &str); 19] = [
    ("_smithers_approval_votes", "vote_id"),
    ("_smithers_approval_decisions", "decision_id"),
    ("_smithers_approvals", "node_id, iteration"),
    (
        "_smithers_output_provenance",
        "output_table, node_id, iteration",
    ),
    ("_smithers_attempts", "node_id, iteration, attempt"),
    ("_smithers_nodes", "node_id, iteration"),
    ("_smithers_ralph", "ralph_id"),
    ("_smithers_waits", "node_id, iteration"),
    ("_smithers_tool_calls", "node_id, iteration, attempt, seq"),
    ("_smithers_tool_call_archive", "archive_id"),
    ("_smithers_scorers", "id"),
    ("_smithers_signals", "seq"),
    ("_smithers_snapshots", "n"),
    ("_smithers_undone_outputs", "seq"),
    ("_smithers_withdrawn_signals", "id"),
    ("_smithers_branches", "run_id"),
    ("_smithers_continuations", "run_id"),
    ("_smithers_events", "position"),
    (INPUT_TABLE, "run_id"),
];

/// Makes the run invisible and its id unusable for steps.
pub(super) fn hide(conn: &Connection, run: &RunId) -> rusqlite::Result<()> {
    for table in HEADS {
        conn.execute(
            &format!("DELETE FROM {table} WHERE run_id = ?1"),
            [run.as_str()],
        )?;
    }
    Ok(())
}

/// Deletes a bounded number of rows of a run that is marked. Returns whether it was the last of them; then
/// the mark is gone too.
pub(super) fn some(conn: &Connection, run: &RunId) -> rusqlite::Result<bool> {
    let session = "INSERT INTO _smithers_deletion_session (run_id) VALUES (?1)";
    conn.execute(session, [run.as_str()])?;
    let is_last = rows(conn, run)?;
    if is_last {
        for table in ["_smithers_run_deletions", "_smithers_runs"] {
            conn.execute(
                &format!("DELETE FROM {table} WHERE run_id = ?1"),
                [run.as_str()],
            )?;
        }
    }
    let session = "DELETE FROM _smithers_deletion_session WHERE run_id = ?1";
    conn.execute(session, [run.as_str()])?;
    Ok(is_last)
}

fn rows(conn: &Connection, run: &RunId) -> rusqlite::Result<bool> {
    let mut left = ROWS;
    left -= frames(conn, run, left)?;
    for (table, key) in OWNED {
        left -= take(conn, table, key, run, left)?;
    }
    for table in output_tables(conn)? {
        left -= take(conn, &quoted(&table), "node_id, iteration", run, left)?;
    }
    Ok(left > 0)
}

fn output_tables(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare_cached("SELECT table_name FROM _smithers_output_tables")?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

fn take(
    conn: &Connection,
    table: &str,
    key: &str,
    run: &RunId,
    most: usize,
) -> rusqlite::Result<usize> {
    if most == 0 {
        return Ok(0);
    }
    let sql = format!(
        "DELETE FROM {table} WHERE run_id = ?1
         AND ({key}) IN (SELECT {key} FROM {table} WHERE run_id = ?1 LIMIT ?2)"
    );
    conn.prepare_cached(&sql)?
        .execute(params![run.as_str(), most])
}

/// Deletes frames, the oldest first, and those of their trees that no other frame has.
fn frames(conn: &Connection, run: &RunId, most: usize) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM _smithers_frames WHERE run_id = ?1 AND frame_no IN
                   (SELECT frame_no FROM _smithers_frames WHERE run_id = ?1 ORDER BY frame_no LIMIT ?2)
               RETURNING tree_hash";
    let mut statement = conn.prepare_cached(sql)?;
    let hashes = statement.query_map(params![run.as_str(), most], |row| row.get(0))?;
    let mut hashes: Vec<String> = hashes.collect::<rusqlite::Result<_>>()?;
    let deleted = hashes.len();
    hashes.sort();
    hashes.dedup();
    let sql = "DELETE FROM _smithers_trees WHERE hash = ?1
               AND NOT EXISTS (SELECT 1 FROM _smithers_frames WHERE tree_hash = ?1)";
    let mut statement = conn.prepare_cached(sql)?;
    for hash in hashes {
        statement.execute([hash])?;
    }
    Ok(deleted)
}
