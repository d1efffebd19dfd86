//! The writer: one thread that owns the only write path (DESIGN 4).
//!
//! ```text
//! submit --bounded queue--> [ take what has queued -> one transaction -> publish -> replies ]
//!                                     | fault
//!                                     v
//!               everybody is told Unknown -> Degraded -> reopen, prove a write -> Ready
//! ```
//!
//! A fault of kind [`Internal`](crate::FaultKind::Internal) is a defect of this program, which the same step
//! may meet again. So for a while after it every step gets a transaction of its own, and a step that meets
//! the defect there, alone and surely without being stored, is refused: its run fails, the others go on.
//!
//! **Invariant.** A reply or a publication happens only after the transaction that it tells of is durable.

mod degrade;
mod handle;
mod job;
mod pace;
mod state;
mod stats;
mod thread;

use std::sync::Arc;
use std::time::Duration;

use smithers_model::time::Clock;

use crate::backend::Backend;
use crate::commit::CommittedStep;
use crate::error::OpenError;

pub use crate::commit::Refusal;
pub use handle::{DefineError, SubmitError, TaskError, WriterHandle};
pub use job::{Reply, StepOutcome};
pub use pace::{Pace, Turn};
pub use state::WriterState;
pub use stats::WriterStats;

/// Most steps that wait for the writer. A run has one step under way, so this many runs can be busy at
/// once; at a kilobyte or two a step the queue stays within a few megabytes.
pub const QUEUE_STEPS: usize = 4096;
/// Most steps in one transaction: bounds how long the first of them waits for the last.
pub const BATCH_STEPS: usize = 512;
/// Most bytes in one transaction, by [`size_hint`](smithers_model::step::StepWrite::size_hint).
pub const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Usual time between two signs of life of an idle writer: one small transaction.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// Steps that get a transaction each after a defect was met. A full queue's worth: every run that was in the
/// batch comes once more within it.
pub const CAREFUL_STEPS: usize = QUEUE_STEPS;

/// Gets every committed step, in commit order, on the writer thread and before the replies.
/// Must not block: all runs wait meanwhile.
pub trait Publisher: Send {
    /// Takes the steps of one transaction; those that were refused are not among them.
    fn publish(&mut self, steps: &[Arc<CommittedStep>]);

    /// Steps may have been stored that will never be published, because the outcome of their transaction was
    /// unknown. Called after each recovery, before anything else is published.
    fn missed(&mut self) {}
}

/// Publishes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPublisher;

impl Publisher for NoPublisher {
    fn publish(&mut self, _: &[Arc<CommittedStep>]) {}
}

/// Called on the writer thread after each change of state, with the generation.
pub type StateObserver = Box<dyn Fn(&WriterState, u64) + Send>;

/// How the writer works.
pub struct WriterOptions {
    /// Most steps that wait.
    pub queue_steps: usize,
    /// Says when the storage failed.
    pub clock: Arc<dyn Clock>,
    /// Told of changes of state.
    pub on_state: Option<StateObserver>,
    /// Longest time without a sign of life in the database. An idle writer commits one row for it, and so also
    /// finds out that the storage fails.
    pub heartbeat: Duration,
    /// Says instead of time when the writer goes on; for simulations.
    pub pace: Option<Box<dyn Pace>>,
}

impl WriterOptions {
    /// Options with the usual queue and nobody told.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            queue_steps: QUEUE_STEPS,
            clock,
            on_state: None,
            heartbeat: HEARTBEAT,
            pace: None,
        }
    }
}

/// The writer of a backend.
pub struct Writer;

impl Writer {
    /// Opens the write path on the caller's thread, then starts the thread that owns it.
    pub fn spawn(
        backend: Arc<dyn Backend>,
        publisher: Box<dyn Publisher>,
        options: WriterOptions,
    ) -> Result<WriterHandle, OpenError> {
        thread::spawn(backend, publisher, options)
    }
}
