//! Effects in memory: the same calls in the same order as in the database.

use std::cmp::Reverse;

use smithers_model::effect::{Archival, CallKind, CallStatus, EffectNote, EndedCalls, ToolCall};
use smithers_model::{NodeKey, RunId, Timestamp};

use super::MemoryReader;
use super::state::Run;
use crate::read::{EffectReader, ReadResult};

/// Node, attempt and number of a call.
pub(super) type CallKey = (NodeKey, u32, u32);

fn key_of(note: &EffectNote) -> CallKey {
    (note.node.clone(), note.attempt, note.seq)
}

impl Run {
    pub(super) fn put_tool_call(&mut self, call: ToolCall) {
        self.tool_calls.insert(key_of(&call.note), call);
    }

    pub(super) fn end_tool_calls(&mut self, ended: &EndedCalls) {
        for call in self.tool_calls.values_mut() {
            let note = &mut call.note;
            let is_of_attempt = note.node == ended.node && note.attempt == ended.attempt;
            if is_of_attempt && note.status == CallStatus::Started {
                note.status = match note.kind {
                    CallKind::Task => ended.status,
                    CallKind::Tool => CallStatus::Unknown,
                };
                call.finished_at = Some(ended.at);
            }
        }
    }

    pub(super) fn archive_tool_calls(&mut self, archival: &Archival) {
        let is_put_aside = |call: &ToolCall| {
            let attempt = (call.note.node.clone(), call.note.attempt);
            archival.attempts.contains(&attempt)
        };
        let aside = self.tool_calls.values().filter(|call| is_put_aside(call));
        let aside: Vec<CallKey> = aside.map(|call| key_of(&call.note)).collect();
        for key in aside {
            self.archived_calls += u64::from(self.tool_calls.remove(&key).is_some());
        }
    }

    fn is_attempted_after(&self, call: &ToolCall, after: Timestamp) -> bool {
        let attempt = (call.note.node.clone(), call.note.attempt);
        let attempt = self.attempts.get(&attempt);
        attempt.is_some_and(|attempt| attempt.started_at > after)
    }

    pub(super) fn open_effects(&self) -> Vec<EffectNote> {
        let notes = self.tool_calls.values().map(|call| &call.note);
        let open = notes.filter(|note| note.is_unsafe() || note.status == CallStatus::Started);
        open.cloned().collect()
    }
}

impl EffectReader for MemoryReader {
    fn open_effects(&self, run: &RunId) -> ReadResult<Vec<EffectNote>> {
        Ok(self.run_or_default(run, |_, run| run.open_effects()))
    }

    fn effects_after(&self, run: &RunId, after: Timestamp) -> ReadResult<Vec<ToolCall>> {
        Ok(self.run_or_default(run, |_, run| {
            let calls = run.tool_calls.values();
            let mut calls: Vec<ToolCall> = calls
                .filter(|call| run.is_attempted_after(call, after))
                .cloned()
                .collect();
            calls.sort_by_key(|call| Reverse((call.started_at, key_of(&call.note))));
            calls
        }))
    }

    fn archived_effects(&self, run: &RunId) -> ReadResult<u64> {
        Ok(self.run_or_default(run, |_, run| run.archived_calls))
    }
}
