//! Calls of scorers: asked about a result of their session, and answered like calls of bodies.

use smithers_model::report::Reporter;
use smithers_model::score::ScoringKey;
use tokio::sync::oneshot;

use super::ScriptRuntime;
use super::calls::{CallAnswer, PendingCall};
use super::console::Reporting;

/// A scorer to ask.
pub(crate) struct ScoringStart {
    /// Names the call, unique in the process.
    pub(crate) id: u64,
    pub(crate) session: u64,
    pub(crate) key: ScoringKey,
    pub(crate) latency_ms: u64,
    pub(crate) reply: oneshot::Sender<CallAnswer>,
}

impl ScriptRuntime {
    /// Asks a scorer for what it says of a result of its session. What it writes to its console is dropped: its attempt
    /// has ended.
    pub(crate) fn start_scoring(&mut self, start: ScoringStart) {
        let ScoringStart {
            id,
            session,
            key,
            latency_ms,
            reply,
        } = start;
        let Some(work) = self.work_of(session, id) else {
            let _ = reply.send(None);
            return;
        };
        let arguments = (
            id as f64,
            session as f64,
            key.node.node_id.to_string(),
            vec![key.node.iteration, key.attempt],
            key.scorer,
            latency_ms as f64,
        );
        self.calls.insert(
            id,
            PendingCall {
                session,
                is_scoring: true,
                node: key.node,
                attempt: key.attempt,
                reply,
                _reporting: Reporting::begin(&self.engine.shared, id, Reporter::deaf()),
            },
        );
        let limit = self.limits.slice;
        let started = self.engine.call(&work, limit, "startScoring", arguments);
        self.entered(&work, id, started);
    }
}
