//! Reading the history of a run, and the trail of rewinds.

use rusqlite::{Row, params};
use smithers_model::history::{SnapshotBuilder, StoredDelta};
use smithers_model::output::OutputRow;
use smithers_model::rewind::{Branch, RewindResult, TimeTravelRow};
use smithers_model::{NodeKey, RunId, Timestamp};

use super::{SqliteReader, bound};
use crate::error::Error;
use crate::read::{HistoryReader, ReadResult, StoredSnapshot};
use crate::sqlite::codec::{Stored, expand, history_hash, node_key, raw_json, run_id, time};

/// A delta with what its chain says.
struct Link {
    n: u64,
    first_clock: u64,
    content: Vec<u8>,
    bytes: usize,
    hash: Vec<u8>,
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        n: row.get(0)?,
        first_clock: row.get(1)?,
        content: row.get(2)?,
        bytes: row.get(3)?,
        hash: row.get(4)?,
    })
}

impl Link {
    /// The delta, when it is what was stored behind `before`.
    fn open(self, before: &mut Vec<u8>, expected: u64) -> ReadResult<StoredDelta> {
        let bytes = match self.content.len() == self.bytes {
            true => self.content,
            false => expand(&self.content, self.bytes)?,
        };
        let hash = history_hash(before, &bytes);
        if self.n != expected || hash.as_slice() != self.hash {
            let detail = format!("step {expected} of the history is not what was stored");
            return Err(Error::damaged("history", detail));
        }
        *before = self.hash;
        Ok(StoredDelta {
            n: self.n,
            first_clock: self.first_clock,
            bytes,
        })
    }
}

macro_rules! select_tries {
    ($tail:literal) => {
        concat!(
            "SELECT op, run_id, from_frame_no, to_frame_no, caller, timestamp_ms, result, duration_ms
             FROM _smithers_time_travel_audit ",
            $tail
        )
    };
}

macro_rules! select_branches {
    ($tail:literal) => {
        concat!(
            "SELECT run_id, parent_run_id, parent_frame_no, branch_label, fork_description, created_at_ms
             FROM _smithers_branches ",
            $tail
        )
    };
}

fn branch_row(row: &Row<'_>) -> rusqlite::Result<Branch> {
    Ok(Branch {
        run_id: run_id(row, 0)?,
        parent_run_id: run_id(row, 1)?,
        parent_frame_no: row.get(2)?,
        label: row.get(3)?,
        description: row.get(4)?,
        created_at: time(row, 5)?,
    })
}

fn time_travel_row(row: &Row<'_>) -> rusqlite::Result<TimeTravelRow> {
    let Stored::<RewindResult>(result) = row.get(6)?;
    Ok(TimeTravelRow {
        op: row.get::<_, Option<String>>(0)?.unwrap_or_default(),
        run_id: run_id(row, 1)?,
        from_frame_no: row.get(2)?,
        to_frame_no: row.get(3)?,
        caller: row.get(4)?,
        at: time(row, 5)?,
        result,
        duration_ms: row.get(7)?,
    })
}

impl HistoryReader for SqliteReader {
    fn snapshot(&self, run: &RunId, frame_no: u64) -> ReadResult<Option<StoredSnapshot>> {
        let sql = "SELECT n, first_clock, content, content_bytes, content_hash
                   FROM _smithers_snapshots WHERE run_id = ?1 ORDER BY n";
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query([run.as_str()])?;
        let mut builder = SnapshotBuilder::new(frame_no);
        let (mut hash, mut n) = (Vec::new(), 0);
        let damaged = |error| Error::damaged("history", error);
        while let Some(row) = rows.next()? {
            n += 1;
            let delta = link(row)?.open(&mut hash, n)?;
            if builder.add(&delta).map_err(damaged)? {
                break;
            }
        }
        Ok(builder.finish())
    }

    fn output_places(&self, run: &RunId) -> ReadResult<Vec<(u64, String, NodeKey)>> {
        let sql = "SELECT seq, output_table, node_id, iteration FROM _smithers_output_provenance
                   WHERE run_id = ?1 ORDER BY seq";
        self.all(sql, [run.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, node_key(row, 2)?))
        })
    }

    fn undone_output(&self, run: &RunId, place: u64) -> ReadResult<Option<OutputRow>> {
        let sql = "SELECT output_table, node_id, iteration, payload_json
                   FROM _smithers_undone_outputs WHERE run_id = ?1 AND seq = ?2";
        self.one(sql, params![run.as_str(), place], |row| {
            Ok(OutputRow {
                table: row.get(0)?,
                node: node_key(row, 1)?,
                payload: raw_json(row, 3)?,
            })
        })
    }

    fn rewind_tries(&self, run: &RunId, caller: &str, since: Timestamp) -> ReadResult<u64> {
        let sql = "SELECT count(*) FROM _smithers_time_travel_audit
                   WHERE run_id = ?1 AND caller = ?2 AND timestamp_ms > ?3
                     AND result IN ('success', 'failed', 'partial')";
        let tries = self.one(sql, params![run.as_str(), caller, since.0], |row| {
            row.get(0)
        })?;
        Ok(tries.unwrap_or(0))
    }

    fn rewinds(&self, run: &RunId, limit: usize) -> ReadResult<Vec<TimeTravelRow>> {
        let sql = select_tries!("WHERE run_id = ?1 ORDER BY timestamp_ms DESC, id DESC LIMIT ?2");
        self.all(sql, params![run.as_str(), bound(limit)], time_travel_row)
    }

    fn branch(&self, run: &RunId) -> ReadResult<Option<Branch>> {
        let sql = select_branches!("WHERE run_id = ?1");
        self.one(sql, [run.as_str()], branch_row)
    }

    fn branches_of(&self, run: &RunId, limit: usize) -> ReadResult<Vec<Branch>> {
        let sql = select_branches!(
            "WHERE parent_run_id = ?1 ORDER BY parent_frame_no, created_at_ms, run_id LIMIT ?2"
        );
        self.all(sql, params![run.as_str(), bound(limit)], branch_row)
    }

    fn open_rewinds(&self, limit: usize) -> ReadResult<Vec<TimeTravelRow>> {
        let sql = select_tries!("WHERE result = 'in_progress' ORDER BY id LIMIT ?1");
        self.all(sql, [bound(limit)], time_travel_row)
    }
}
