//! Reading loops.

use rusqlite::Row;
use smithers_model::loops::{LoopRow, LoopState};
use smithers_model::{LoopId, RunId};

use super::SqliteReader;
use crate::read::{LoopReader, ReadResult};
use crate::sqlite::codec::{Stored, time};

fn loop_row(row: &Row<'_>) -> rusqlite::Result<LoopRow> {
    Ok(LoopRow {
        id: LoopId::new(row.get::<_, String>(0)?),
        iteration: row.get(1)?,
        state: row.get::<_, Stored<LoopState>>(2)?.0,
        updated_at: time(row, 3)?,
    })
}

impl LoopReader for SqliteReader {
    fn loops(&self, run: &RunId) -> ReadResult<Vec<LoopRow>> {
        let sql = "SELECT ralph_id, iteration, state, updated_at_ms FROM _smithers_ralph
                   WHERE run_id = ?1 ORDER BY ralph_id";
        self.all(sql, [run.as_str()], loop_row)
    }
}
