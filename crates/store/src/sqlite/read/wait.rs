//! Reading waits.

use rusqlite::{Row, params};
use smithers_model::RunId;
use smithers_model::signal::SignalAddress;
use smithers_model::wait::{Wait, WaitKind};

use super::{SqliteReader, bound};
use crate::read::{ReadResult, WaitReader};
use crate::sqlite::codec::{from_json, node_key, optional_time, run_id, time};

macro_rules! select_wait {
    ($tail:literal) => {
        concat!(
            "SELECT node_id, iteration, since_ms, due_at_ms, cause_json FROM _smithers_waits ",
            $tail
        )
    };
}

fn wait_row(row: &Row<'_>) -> rusqlite::Result<Wait> {
    Ok(Wait {
        node: node_key(row, 0)?,
        since: time(row, 2)?,
        due: optional_time(row, 3)?,
        cause: from_json(row, 4)?,
    })
}

impl WaitReader for SqliteReader {
    fn waits(&self, run: &RunId) -> ReadResult<Vec<Wait>> {
        let sql = select_wait!("WHERE run_id = ?1 ORDER BY node_id, iteration");
        self.all(sql, [run.as_str()], wait_row)
    }

    fn next_wait(&self, run: &RunId, kind: WaitKind) -> ReadResult<Option<Wait>> {
        let waits = self.waits(run)?;
        let of_kind = waits.into_iter().filter(|wait| wait.cause.kind() == kind);
        Ok(of_kind.min_by_key(|wait| (wait.due.is_none(), wait.due)))
    }

    fn runs_waiting_for(&self, signal: &SignalAddress, limit: usize) -> ReadResult<Vec<RunId>> {
        let sql = "SELECT DISTINCT run_id FROM _smithers_waits
                   WHERE signal_name = ?1 AND correlation_id IS ?2 ORDER BY run_id LIMIT ?3";
        let key = params![signal.signal_name, signal.correlation_id, bound(limit)];
        self.all(sql, key, |row| run_id(row, 0))
    }
}
