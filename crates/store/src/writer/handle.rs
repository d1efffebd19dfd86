//! The handle that everybody else holds.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use smithers_model::audit::{AuditRecord, Deployment};
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder};
use smithers_model::delivery::Delivery;
use smithers_model::rewind::TimeTravelRow;
use smithers_model::schedule::ScheduleOrder;
use smithers_model::step::StepWrite;
use smithers_model::workflow::{ModuleRevision, WorkflowDefinition};
use smithers_model::{RunId, Timestamp};

use super::job::{Job, PendingReply, QueuedStep, Reply};
use super::state::{SharedState, WriterState};
use super::stats::{Counters, WriterStats};
use crate::backend::Transactions;
use crate::cache::CacheSweep;
use crate::deletion::{Deletion, DeletionRefusal};
use crate::error::CommitError;
use crate::schema::SchemaError;

/// Why a step was not taken. It was not stored, and its reply is never called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The queue is full.
    #[error("too many steps wait for the database")]
    Busy,
    /// The storage has failed and is being reopened, or the gateway is shutting down.
    #[error("the database does not take writes: {reason}")]
    Degraded {
        /// What the storage said.
        reason: String,
    },
}

/// Why a task on the writer gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// It was not begun.
    #[error("the database does not take writes")]
    Degraded,
    /// It was begun; whether it is stored is unknown.
    #[error(transparent)]
    Unknown(#[from] CommitError),
}

/// Why tables were not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefineError {
    /// The declarations cannot live together.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The storage failed.
    #[error(transparent)]
    Task(#[from] TaskError),
}

/// Sends work to the writer thread. Cheap to clone; the thread ends when the last one is dropped.
#[derive(Clone)]
pub struct WriterHandle {
    pub(super) jobs: SyncSender<Job>,
    pub(super) state: Arc<SharedState>,
    pub(super) counters: Arc<Counters>,
}

impl WriterHandle {
    /// Queues a step; never blocks. `reply` is called exactly once when this returns `Ok`.
    pub fn submit(&self, step: StepWrite, reply: Reply) -> Result<(), SubmitError> {
        if !self.state.is_ready() {
            return Err(self.degraded());
        }
        let queued = QueuedStep {
            step: Box::new(step),
            reply: PendingReply::new(reply),
        };
        self.counters.queued();
        self.jobs.try_send(Job::Step(queued)).map_err(|refused| {
            self.counters.taken();
            self.not_taken(refused)
        })
    }

    fn not_taken(&self, refused: TrySendError<Job>) -> SubmitError {
        let (job, error) = match refused {
            TrySendError::Full(job) => (job, SubmitError::Busy),
            TrySendError::Disconnected(job) => (job, self.degraded()),
        };
        if let Job::Step(queued) = job {
            queued.reply.cancel();
        }
        error
    }

    /// Returns whether steps are taken.
    pub fn state(&self) -> WriterState {
        self.state.get()
    }

    /// Counts how often the storage was opened: 1, then one more after each recovery.
    pub fn generation(&self) -> u64 {
        self.state.generation()
    }

    /// Returns the counters.
    pub fn stats(&self) -> WriterStats {
        self.counters.snapshot()
    }

    /// Runs `task` on the writer thread, between batches, and waits for it. Blocks: not for arbiters.
    pub fn run<T, F>(&self, task: F) -> Result<T, TaskError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Transactions) -> Result<T, CommitError> + Send + 'static,
    {
        let (tx, rx) = sync_channel(1);
        let job = Job::Task(Box::new(move |transactions| {
            let Some(transactions) = transactions else {
                return Ok(());
            };
            let result = task(transactions);
            let fault = result.as_ref().map(drop).map_err(Clone::clone);
            let _ = tx.send(result);
            fault
        }));
        self.jobs.send(job).map_err(|_| TaskError::Degraded)?;
        let result = rx.recv().map_err(|_| TaskError::Degraded)?;
        Ok(result?)
    }

    /// Makes the tables that `workflows` declare. Blocks.
    pub fn define_outputs(
        &self,
        workflows: Vec<Arc<WorkflowDefinition>>,
    ) -> Result<(), DefineError> {
        let defined = self.run(move |transactions| transactions.define_outputs(&workflows))?;
        Ok(defined?)
    }

    /// Stores the source of a module graph. Blocks.
    pub fn register_module(&self, revision: ModuleRevision) -> Result<(), TaskError> {
        self.run(move |transactions| transactions.register_module(&revision))
    }

    /// Records a start of the gateway. Blocks.
    pub fn record_deployment(&self, deployment: Deployment) -> Result<(), TaskError> {
        self.run(move |transactions| transactions.record_deployment(&deployment))
    }

    /// Records that the gateway stops in good order. Blocks.
    pub fn record_stop(&self, at: Timestamp) -> Result<(), TaskError> {
        self.run(move |transactions| transactions.record_stop(at))
    }

    /// Begins a deletion; see [`Transactions::delete_run`]. Blocks.
    pub fn delete_run(
        &self,
        order: DeletionOrder,
    ) -> Result<Result<Deletion, DeletionRefusal>, TaskError> {
        self.run(move |transactions| transactions.delete_run(&order))
    }

    /// Goes on with a deletion; see [`Transactions::continue_deletion`]. Blocks.
    pub fn continue_deletion(
        &self,
        run: RunId,
    ) -> Result<Result<bool, DeletionRefusal>, TaskError> {
        self.run(move |transactions| transactions.continue_deletion(&run))
    }

    /// Holds or releases a run; see [`Transactions::hold_run`]. Blocks.
    pub fn hold_run(
        &self,
        order: HoldOrder,
    ) -> Result<Result<Option<Hold>, DeletionRefusal>, TaskError> {
        self.run(move |transactions| transactions.hold_run(&order))
    }

    /// Changes a schedule; see [`Transactions::change_schedule`]. Blocks.
    pub fn change_schedule(&self, order: ScheduleOrder) -> Result<bool, TaskError> {
        self.run(move |transactions| transactions.change_schedule(&order))
    }

    /// Forgets kept results; see [`Transactions::sweep_cache`]. Blocks.
    pub fn sweep_cache(&self, sweep: CacheSweep) -> Result<u64, TaskError> {
        self.run(move |transactions| transactions.sweep_cache(&sweep))
    }

    /// Stores a delivery of a webhook; see [`Transactions::keep_delivery`]. Blocks.
    pub fn keep_delivery(&self, delivery: Delivery, forget: u32) -> Result<(), TaskError> {
        self.run(move |transactions| transactions.keep_delivery(&delivery, forget))
    }

    /// Adds to the trail of rewinds; see [`Transactions::record_rewind`]. Blocks.
    pub fn record_rewind(&self, row: TimeTravelRow, audit: AuditRecord) -> Result<(), TaskError> {
        self.run(move |transactions| transactions.record_rewind(&row, &audit))
    }

    /// Adds rows to the audit trail. Blocks.
    pub fn record_audit(&self, records: Vec<AuditRecord>) -> Result<(), TaskError> {
        self.run(move |transactions| transactions.append_audit(records))
    }

    /// Gives unused pages back; see [`Transactions::release_pages`]. Blocks.
    pub fn release_pages(&self, most: u32) -> Result<u64, TaskError> {
        self.run(move |transactions| transactions.release_pages(most))
    }

    /// Commits everything that was queued before, folds the log into the main file and ends the thread.
    /// Blocks until then; idempotent.
    pub fn shutdown(&self) {
        let (tx, rx) = sync_channel(1);
        if self.jobs.send(Job::Stop(tx)).is_ok() {
            // An error means that the thread was ending already.
            let _ = rx.recv();
        }
    }

    fn degraded(&self) -> SubmitError {
        let reason = match self.state.get() {
            WriterState::Degraded { reason, .. } => reason,
            WriterState::Ready => "it was just reopened".to_owned(),
        };
        SubmitError::Degraded { reason }
    }
}
