//! Effects of a rewind: those of attempts that go are put aside, and told.

use smithers_model::Timestamp;
use smithers_model::effect::Archival;
use smithers_model::event::Event;
use smithers_model::rewind::RewindRequest;
use smithers_model::step::RowChange;

use super::attempts;
use crate::state::RunState;

/// The operation, as journals and events name it.
const OPERATION: &str = "rewind";

impl RunState {
    /// What attempts that go had done asks nobody any more before it is done again.
    pub(super) fn put_effects_aside(&mut self, request: &RewindRequest, now: Timestamp) {
        for call in &request.reverted {
            let call = Box::new(call.clone());
            self.open.change(RowChange::PutToolCall(call));
        }
        self.open.change(RowChange::ArchiveToolCalls(Archival {
            attempts: attempts::gone(&request.past),
            op: request.op.clone(),
            reason: format!("rewind to frame {}", request.frame_no),
            at: now,
        }));
    }

    pub(super) fn tell_of_effects(&mut self, request: &RewindRequest) {
        if request.boundary.is_empty() {
            return;
        }
        for call in &request.reverted {
            self.open.event(Event::EffectRevertFinished {
                node: call.note.node.clone(),
                attempt: call.note.attempt,
                seq: call.note.seq,
                operation: OPERATION.into(),
                kind: call.note.kind.as_str().into(),
                tool_name: call.note.tool_name.clone(),
            });
        }
        self.open.event(Event::SideEffectBoundaryCrossed {
            op_id: request.op.clone(),
            operation: OPERATION.into(),
            report: request.boundary.report(),
        });
    }
}
