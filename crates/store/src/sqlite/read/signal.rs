//! Reading signals.

use rusqlite::Row;
use smithers_model::signal::{Signal, SignalAddress};
use smithers_model::{NodeKey, RawJson, RunId};

use super::SqliteReader;
use crate::read::{ReadResult, SignalReader};
use crate::sqlite::codec::time;

fn signal_row(row: &Row<'_>) -> rusqlite::Result<Signal> {
    let node: Option<String> = row.get(6)?;
    let iteration: Option<u32> = row.get(7)?;
    Ok(Signal {
        seq: row.get(0)?,
        address: SignalAddress {
            signal_name: row.get(1)?,
            correlation_id: row.get(2)?,
        },
        payload: RawJson::trusted(row.get::<_, String>(3)?),
        received_at: time(row, 4)?,
        received_by: row.get(5)?,
        taken_by: node.map(|node| NodeKey::new(node.as_str(), iteration.unwrap_or(0))),
    })
}

impl SignalReader for SqliteReader {
    fn signals(&self, run: &RunId) -> ReadResult<Vec<Signal>> {
        let sql =
            "SELECT seq, signal_name, correlation_id, payload_json, received_at_ms, received_by,
                          node_id, iteration
                   FROM _smithers_signals WHERE run_id = ?1 ORDER BY seq";
        self.all(sql, [run.as_str()], signal_row)
    }
}
