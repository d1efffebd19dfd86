//! What waits in the writer's queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use smithers_model::step::StepWrite;

use crate::backend::Transactions;
use crate::commit::{CommittedStep, Refusal};
use crate::error::CommitError;

/// Fate of a submitted step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// Durable and published.
    Committed(Arc<CommittedStep>),
    /// Not stored; others were not affected.
    Refused(Refusal),
    /// The storage failed: stored whole or not at all. Read back once the writer is ready again.
    Unknown,
}

/// Called once on the writer thread; must not block.
pub type Reply = Box<dyn FnOnce(StepOutcome) + Send>;

/// Work of another kind than steps. Gets no write path while there is none.
pub(super) type Task =
    Box<dyn FnOnce(Option<&mut dyn Transactions>) -> Result<(), CommitError> + Send>;

/// An entry of the queue.
pub(super) enum Job {
    Step(QueuedStep),
    Task(Task),
    /// Ends the thread; the sender learns when everything before it is settled.
    Stop(SyncSender<()>),
}

/// A step with its requester.
pub(super) struct QueuedStep {
    pub(super) step: Box<StepWrite>,
    pub(super) reply: PendingReply,
}

/// A reply that is owed. Dropping it tells the requester that the outcome is unknown, so that nobody waits
/// for ever whatever becomes of the queue.
pub(super) struct PendingReply(Option<Reply>);

impl PendingReply {
    pub(super) fn new(reply: Reply) -> Self {
        Self(Some(reply))
    }

    /// Pays the debt.
    pub(super) fn send(mut self, outcome: StepOutcome) {
        self.call(outcome);
    }

    /// Forgets the debt: the requester was told otherwise.
    pub(super) fn cancel(mut self) {
        self.0 = None;
    }

    /// A reply that panics harms nobody else.
    fn call(&mut self, outcome: StepOutcome) {
        let Some(reply) = self.0.take() else { return };
        if catch_unwind(AssertUnwindSafe(|| reply(outcome))).is_err() {
            tracing::error!("a reply of the writer panicked");
        }
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        self.call(StepOutcome::Unknown);
    }
}
