//! Reading the log.

use rusqlite::{Row, params};
use smithers_model::RunId;
use smithers_model::event::StoredEvent;

use super::{SqliteReader, bound};
use crate::read::{EventReader, ReadResult};
use crate::sqlite::codec::{raw_json, run_id, time};

macro_rules! select_event {
    ($tail:literal) => {
        concat!(
            "SELECT position, run_id, seq, stream_seq, state_version, timestamp_ms, type, payload_json
             FROM _smithers_events ",
            $tail
        )
    };
}

fn event_row(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        position: row.get(0)?,
        run_id: run_id(row, 1)?,
        seq: row.get(2)?,
        stream_seq: row.get(3)?,
        state_version: row.get(4)?,
        at: time(row, 5)?,
        type_name: row.get(6)?,
        payload: raw_json(row, 7)?,
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
        self.all(sql, params![run.as_str(), after, bound(limit)], event_row)
    }

    fn events(
        &self,
        run: &RunId,
        after_seq: Option<u64>,
        limit: usize,
    ) -> ReadResult<Vec<StoredEvent>> {
        let sql = select_event!("WHERE run_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
        let after = after_seq.map_or(-1, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
        self.all(sql, params![run.as_str(), after, bound(limit)], event_row)
    }

    fn newest_event(&self, run: &RunId) -> ReadResult<Option<StoredEvent>> {
        let sql = select_event!("WHERE run_id = ?1 ORDER BY seq DESC LIMIT 1");
        self.one(sql, [run.as_str()], event_row)
    }

    fn state_version(&self) -> ReadResult<u64> {
        let sql = "SELECT state_version FROM _smithers_gateway WHERE id = 1";
        Ok(self.one(sql, [], |row| row.get(0))?.unwrap_or(0))
    }
}
