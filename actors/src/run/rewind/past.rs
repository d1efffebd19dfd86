//! What the store knows of a run and a frame of it.

use std::collections::BTreeMap;

use smithers_engine::files_back;
use smithers_model::effect::ToolCall;
use smithers_model::rewind::Past;
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};
use smithers_store::read::{ReadResult, Reader};

/// What the store knows of the run and its frame, and of what came after it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) past: Past,
    /// What attempts did outside that the frame does not know, the newest first.
    pub(super) calls: Vec<ToolCall>,
    /// What worktrees are to be again: a commit by the path of each.
    pub(super) files: BTreeMap<String, String>,
    /// The rows that their nodes have given.
    pub(super) rows: BTreeMap<NodeKey, RawJson>,
}

/// Reads all that a rewind of `run` to frame `frame_no` needs, as of one instant.
pub(super) fn known(reader: &dyn Reader, run: &RunId, frame_no: u64) -> ReadResult<Option<Known>> {
    let Some(past) = past(reader, run, frame_no)? else {
        return Ok(None);
    };
    let is_later = |call: &ToolCall| {
        let attempt = (call.note.node.clone(), call.note.attempt);
        !past.snapshot.attempts.contains_key(&attempt)
    };
    let mut calls = reader.effects_after(run, Timestamp(i64::MIN))?;
    calls.retain(is_later);
    let mut rows = BTreeMap::new();
    for (_, table, node) in &past.places {
        if calls.iter().any(|call| call.note.node == *node)
            && let Some(row) = reader.output(run, table, node)?
        {
            rows.insert(node.clone(), row.payload);
        }
    }
    Ok(Some(Known {
        files: files_back(&past),
        past,
        calls,
        rows,
    }))
}

/// Reads a run as it was when frame `frame_no` was stored, as of one instant; none when it has no such frame, or its
/// history does not reach back to its beginning.
pub fn past(reader: &dyn Reader, run: &RunId, frame_no: u64) -> ReadResult<Option<Past>> {
    let Some((snapshot, last_delta)) = reader.snapshot(run, frame_no)? else {
        return Ok(None);
    };
    let places = reader.output_places(run)?;
    let mut undone = Vec::new();
    let is_stored = |place: &u64| places.binary_search_by_key(place, |known| known.0).is_ok();
    for place in snapshot.outputs.values().filter(|place| !is_stored(place)) {
        undone.extend(reader.undone_output(run, *place)?.map(|row| (*place, row)));
    }
    Ok(Some(Past {
        snapshot,
        last_delta,
        attempts: reader.attempts(run)?,
        places,
        undone,
    }))
}
