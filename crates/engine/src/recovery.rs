//! What a run does because of a failure that a saga or try block deals with (workflow-model 7.7, 7.8).

use std::sync::Arc;

use serde_json::json;
use smithers_model::error::ErrorInfo;
use smithers_model::event::CancelReason;
use smithers_model::tree::Kind;
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::frame::Frame;
use crate::state::RunState;

impl RunState {
    /// Whether a saga or try block deals with a failure of `node`.
    pub(crate) fn is_guarded(&self, node: &NodeKey) -> bool {
        let frame = self.frame.as_ref();
        let guard = frame.and_then(|frame| frame.guards.of(frame.index_of(node)?));
        guard.is_some()
    }

    /// Fails the run because the saga or try block at element `index` has failed and nothing deals with that.
    pub(crate) fn fail_with(&mut self, frame: &Arc<Frame>, index: usize, now: Timestamp) {
        let culprit = self.board_of(frame, now).culprit(frame, index);
        let name = match &frame.tree.elements()[index].kind {
            Kind::Saga(spec) => format!("Saga {}", spec.id),
            Kind::Try(spec) => format!("Try block {}", spec.id),
            other => unreachable!("only sagas and try blocks fail, not {other:?}"),
        };
        let error = match culprit.map(|culprit| &frame.task(culprit).node) {
            None => ErrorInfo::coded("SCHEDULER_ERROR", format!("{name} failed")),
            Some(node) => {
                let message = format!("{name} failed: task {} failed", node.node_id);
                let mut error = ErrorInfo::coded("SCHEDULER_ERROR", message);
                error.details = Some(RawJson::of(&json!({ "key": node.to_string() })));
                error.cause = self.cause_of(node).map(Box::new);
                error
            }
        };
        self.fail(error, now);
    }

    /// Asks nobody any more in a region that a failure has stopped: no answer could change what follows.
    pub(crate) fn stop_asking(&mut self, frame: &Frame, region: usize, now: Timestamp) {
        let inside = region..frame.tree.end_of(region);
        let meant = |node: &_| frame.index_of(node).is_some_and(|at| inside.contains(&at));
        let note = "A task beside it failed";
        self.end_waits_of(meant, CancelReason::Aborted, note, now);
    }
}
