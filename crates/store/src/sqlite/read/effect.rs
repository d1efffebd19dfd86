//! Reading effects.

use rusqlite::{Row, params};
use smithers_model::effect::{CallKind, CallStatus, EffectNote, ToolCall};
use smithers_model::{RawJson, RunId, Timestamp};

use super::SqliteReader;
use crate::read::{EffectReader, ReadResult};
use crate::sqlite::codec::{Stored, node_key, optional_time, time};

macro_rules! note_columns {
    () => {
        "node_id, iteration, attempt, seq, tool_name, kind, side_effect, idempotent, status"
    };
}

fn note(row: &Row<'_>) -> rusqlite::Result<EffectNote> {
    Ok(EffectNote {
        node: node_key(row, 0)?,
        attempt: row.get(2)?,
        seq: row.get(3)?,
        tool_name: row.get(4)?,
        kind: row.get::<_, Stored<CallKind>>(5)?.0,
        side_effect: row.get(6)?,
        idempotent: row.get(7)?,
        status: row.get::<_, Stored<CallStatus>>(8)?.0,
    })
}

fn call(row: &Row<'_>) -> rusqlite::Result<ToolCall> {
    let text = |column: usize| -> rusqlite::Result<Option<RawJson>> {
        let text: Option<String> = row.get(column)?;
        Ok(text.map(RawJson::trusted))
    };
    Ok(ToolCall {
        note: note(row)?,
        token: row.get(9)?,
        has_revert: row.get(10)?,
        idempotency_key: row.get(11)?,
        input: text(12)?,
        output: text(13)?,
        error: text(14)?,
        started_at: time(row, 15)?,
        finished_at: optional_time(row, 16)?,
        revert_status: row.get(17)?,
    })
}

impl EffectReader for SqliteReader {
    fn open_effects(&self, run: &RunId) -> ReadResult<Vec<EffectNote>> {
        let sql = concat!(
            "SELECT ",
            note_columns!(),
            " FROM _smithers_tool_calls INDEXED BY _smithers_tool_calls_unsafe
             WHERE run_id = ?1 AND (status = 'started' OR (side_effect = 1 AND idempotent = 0))
             ORDER BY node_id, iteration, attempt, seq"
        );
        self.all(sql, [run.as_str()], note)
    }

    fn effects_after(&self, run: &RunId, after: Timestamp) -> ReadResult<Vec<ToolCall>> {
        let sql = concat!(
            "SELECT ",
            note_columns!(),
            ", call_token, has_revert, idempotency_key, input_json, output_json, error_json,
               c.started_at_ms, c.finished_at_ms, revert_status
             FROM _smithers_tool_calls AS c
             JOIN (SELECT run_id, node_id, iteration, attempt, started_at_ms AS attempted_at_ms
                   FROM _smithers_attempts)
                 USING (run_id, node_id, iteration, attempt)
             WHERE run_id = ?1 AND attempted_at_ms > ?2
             ORDER BY c.started_at_ms DESC, node_id DESC, iteration DESC, attempt DESC, seq DESC"
        );
        self.all(sql, params![run.as_str(), after.0], call)
    }

    fn archived_effects(&self, run: &RunId) -> ReadResult<u64> {
        let sql = "SELECT count(*) FROM _smithers_tool_call_archive WHERE run_id = ?1";
        let counted = self.all(sql, [run.as_str()], |row| row.get(0))?;
        Ok(counted.into_iter().next().unwrap_or(0))
    }
}
