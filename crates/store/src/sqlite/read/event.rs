//! Reading the log.

use rusqlite::{Row, params};
use smithers_model::RunId;
use smithers_model::event::StoredEvent;

use super::{SqliteReader, bound};
use crate::read::{EventReader, ReadResult};
use crate::sqlite::codec::{raw_json, time};

macro_rules! select_event {
    ($tail:literal) => {
        concat!(
            "SELECT position, seq, stream_seq, state_version, timestamp_ms, type, payload_json
             FROM _smithers_events ",
            $tail
        )
    };
}

/// An event of `run`; all that are read together share its id.
fn event_row(run: &RunId, row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        position: row.get(0)?,
        run_id: run.clone(),
        seq: row.get(1)?,
        stream_seq: row.get(2)?,
        state_version: row.get(3)?,
        at: time(row, 4)?,
        type_name: row.get(5)?,
        payload: raw_json(row, 6)?,
    })
}

impl EventReader for SqliteReader {
    fn visible_events(
        &self,
        run: &RunId,
        after_stream_seq: u64,
        limit: usize,
    ) -> ReadResult<Vec<StoredEvent>> {
        let sql =
            select_event!("WHERE run_id = ?1 AND stream_seq > ?2 ORDER BY stream_seq LIMIT ?3");
        // A client may name any number; none of ours is as large as SQLite's largest.
        let after = i64::try_from(after_stream_seq).unwrap_or(i64::MAX);
        self.all(sql, params![run.as_str(), after, bound(limit)], |row| {
            event_row(run, row)
        })
    }

    fn events(
        &self,
        run: &RunId,
        after_seq: Option<u64>,
        limit: usize,
    ) -> ReadResult<Vec<StoredEvent>> {
        let sql = select_event!("WHERE run_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
        let after = after_seq.map_or(-1, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        self.all(sql, params![run.as_str(), after, bound(limit)], |row| {
            event_row(run, row)
        })
    }

    fn token_usage(&self, run: &RunId) -> ReadResult<Vec<StoredEvent>> {
        // The condition is that of its index, word for word.
        let sql = select_event!("WHERE run_id = ?1 AND type = 'TokenUsageReported' ORDER BY seq");
        self.all(sql, [run.as_str()], |row| event_row(run, row))
    }

    fn tokens(&self, run: &RunId) -> ReadResult<u64> {
        // The condition is that of its index, word for word. A total keeps what is too much for an integer.
        let sql =
            "SELECT total(payload_json ->> 'inputTokens') + total(payload_json ->> 'outputTokens')
                   FROM _smithers_events
                   WHERE run_id = ?1 AND type = 'TokenUsageReported'";
        let total: Option<f64> = self.one(sql, [run.as_str()], |row| row.get(0))?;
        Ok(total.unwrap_or(0.0) as u64)
    }

    fn newest_event(&self, run: &RunId) -> ReadResult<Option<StoredEvent>> {
        let sql = select_event!("WHERE run_id = ?1 ORDER BY seq DESC LIMIT 1");
        self.one(sql, [run.as_str()], |row| event_row(run, row))
    }

    fn state_version(&self) -> ReadResult<u64> {
        let sql = "SELECT state_version FROM _smithers_gateway WHERE id = 1";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or(0))
    }
}
