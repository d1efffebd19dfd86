//! Quotas of others: a task that has used one up waits until it is restored, and its attempt does not count
//! (workflow-model 9.6).

use std::time::Duration;

use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::node::AttemptState;
use smithers_model::run::RunStatus;
use smithers_model::wait::{Wait, WaitCause, WaitKind};
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::lifecycle::{TaskFact, TaskStatus};
use crate::state::RunState;

/// Code of an error that says so.
const EXCEEDED: &str = "AGENT_QUOTA_EXCEEDED";
/// Shortest wait: a quota that is said to be back and is not must not be asked for at once again.
const SHORTEST: Duration = Duration::from_secs(1);

/// Whether an error says that a quota is used up.
pub(crate) fn is_exceeded(error: &ErrorInfo) -> bool {
    let details = error.details.as_ref().map(RawJson::value);
    error.has_code(EXCEEDED) || details.is_some_and(|details| details["failureQuota"] == true)
}

fn reset_at(error: &ErrorInfo) -> Option<Timestamp> {
    let details = error.details.as_ref()?.value();
    details["resetAtMs"].as_i64().map(Timestamp)
}

impl RunState {
    /// Whether the newest frame mounts a node: one that is gone has no body to call again.
    pub(crate) fn is_mounted(&self, key: &NodeKey) -> bool {
        let frame = self.frame.as_ref();
        frame.is_some_and(|frame| frame.find(key).is_some())
    }

    /// Makes a node wait whose attempt has used up a quota. Without a time somebody has to let the run go on.
    pub(crate) fn throttle(&mut self, key: &NodeKey, error: ErrorInfo, now: Timestamp) {
        let due = reset_at(&error).map(|at| at.max(now.plus(SHORTEST)));
        if let Some(node) = self.nodes.get_mut(key) {
            node.error = Some(error.clone());
        }
        self.running.remove(key);
        self.begin_to_wait(key, WaitKind::Quota, now);
        let attempt = self.put_attempt(key, AttemptState::Failed);
        self.open.event(Event::NodeFailed {
            node: key.clone(),
            attempt,
            error,
        });
        self.store_wait(Wait {
            node: key.clone(),
            since: now,
            due,
            cause: WaitCause::Quota,
        });
    }

    /// The quota is restored, or somebody says so. A parked run goes on with that.
    pub(crate) fn restore(&mut self, key: &NodeKey, now: Timestamp) {
        self.move_node(key, TaskFact::Answered, now);
        if self.run.status != RunStatus::Running {
            self.go_on(now);
        }
    }

    /// Somebody asks a run that waits for quotas to go on: it tries again at once.
    pub(crate) fn restore_all(&mut self, now: Timestamp) {
        let waits = |status| status == TaskStatus::Waiting(WaitKind::Quota);
        let nodes = self.nodes.iter().filter(|(_, node)| waits(node.status));
        let waiting: Vec<NodeKey> = nodes.map(|(key, _)| key.clone()).collect();
        for key in waiting {
            self.forget_wait(&key);
            self.restore(&key, now);
        }
    }
}
