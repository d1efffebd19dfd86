//! Writing the log.

use rusqlite::{Connection, params};
use smithers_model::event::StoredEvent;
use smithers_model::step::StepWrite;

use crate::sqlite::gateway::Counters;

/// Appends the events of a step and gives them their places in the gateway's log.
pub(super) fn insert(
    conn: &Connection,
    step: &StepWrite,
    counters: &mut Counters,
) -> rusqlite::Result<Vec<StoredEvent>> {
    let sql = "INSERT INTO _smithers_events
                   (position, run_id, seq, stream_seq, state_version, type, timestamp_ms, payload_json)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut statement = conn.prepare_cached(sql)?;
    let mut stored = Vec::with_capacity(step.events.len());
    for event in &step.events {
        counters.last_position += 1;
        counters.state_version += u64::from(event.stream_seq.is_some());
        let state_version = event.stream_seq.map(|_| counters.state_version);
        statement.execute(params![
            counters.last_position,
            step.run_id.as_str(),
            event.seq,
            event.stream_seq,
            state_version,
            event.type_name,
            event.at.0,
            event.payload.as_str(),
        ])?;
        stored.push(StoredEvent {
            position: counters.last_position,
            run_id: step.run_id.clone(),
            seq: event.seq,
            stream_seq: event.stream_seq,
            state_version,
            at: event.at,
            type_name: event.type_name.to_owned(),
            payload: event.payload.clone(),
        });
    }
    Ok(stored)
}
