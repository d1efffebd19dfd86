//! The seam between the product and a database: who reads, who writes, and what each call promises.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use smithers_model::audit::{AuditRecord, Deployment};
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder};
use smithers_model::delivery::Delivery;
use smithers_model::rewind::TimeTravelRow;
use smithers_model::schedule::ScheduleOrder;
use smithers_model::step::StepWrite;
use smithers_model::workflow::{ModuleRevision, WorkflowDefinition};
use smithers_model::{Epoch, RunId, Timestamp};

use crate::boundary::Boundary;
use crate::cache::CacheSweep;
use crate::commit::{CommittedStep, Refusal};
use crate::deletion::{Deletion, DeletionRefusal};
use crate::error::{CommitError, Error, OpenError};
use crate::read::Reader;
use crate::schema::SchemaError;

/// A database that was opened by this process and is owned by it.
pub trait Backend: Send + Sync + 'static {
    /// Opens the write path. Called by the writer thread, again after each fault; at most one lives at a time.
    fn open_writer(&self) -> Result<Box<dyn Transactions>, OpenError>;

    /// Hands out a reader that sees every commit that was acknowledged before this call.
    /// Blocks for a moment at most; give it back soon, a long reader keeps the log from shrinking.
    fn reader(&self) -> Result<ReadGuard, Error>;

    /// As [`reader`](Self::reader), and all that is read through it is of one instant. Give it back soon: what
    /// is written meanwhile is not seen, and the log does not shrink.
    fn snapshot(&self) -> Result<ReadGuard, Error>;

    /// As [`snapshot`](Self::snapshot), for a short question on a thread that must not be blocked: at once or
    /// not at all, and only for some milliseconds. When it has [given up](ReadGuard::gave_up), the question is
    /// to be asked again elsewhere.
    fn glimpse(&self) -> Option<ReadGuard> {
        None
    }

    /// Generation of this process, one more than that of the owner before it.
    fn epoch(&self) -> Epoch;

    /// What every text passes on its way into this database.
    fn boundary(&self) -> &Boundary;
}

impl Backend for Arc<dyn Backend> {
    fn open_writer(&self) -> Result<Box<dyn Transactions>, OpenError> {
        (**self).open_writer()
    }

    fn reader(&self) -> Result<ReadGuard, Error> {
        (**self).reader()
    }

    fn snapshot(&self) -> Result<ReadGuard, Error> {
        (**self).snapshot()
    }

    fn glimpse(&self) -> Option<ReadGuard> {
        (**self).glimpse()
    }

    fn epoch(&self) -> Epoch {
        (**self).epoch()
    }

    fn boundary(&self) -> &Boundary {
        (**self).boundary()
    }
}

/// A reader on loan.
pub struct ReadGuard {
    reader: Box<dyn Reader>,
    gave_up: Arc<AtomicBool>,
}

impl ReadGuard {
    /// Lends `reader`.
    pub fn new(reader: impl Reader + 'static) -> Self {
        Self::bounded(reader, Arc::default())
    }

    /// Lends `reader`, which sets `gave_up` when it fails for want of time.
    pub(crate) fn bounded(reader: impl Reader + 'static, gave_up: Arc<AtomicBool>) -> Self {
        let reader = Box::new(reader);
        Self { reader, gave_up }
    }

    /// Returns whether a read failed because it took longer than it may.
    pub fn gave_up(&self) -> bool {
        self.gave_up.load(Ordering::Relaxed)
    }
}

impl Deref for ReadGuard {
    type Target = dyn Reader;

    fn deref(&self) -> &Self::Target {
        &*self.reader
    }
}

/// The write path. Every method is one transaction: on `Ok` it is durable as far as the mode says,
/// on `Err` its fate is unknown (but see [`stored_nothing`](Self::stored_nothing)) and this value must be
/// dropped.
pub trait Transactions: Send {
    /// Commits a batch. Steps are applied in order; one that is refused is left out whole, alone.
    /// The answers are in the order of `steps`.
    fn commit(
        &mut self,
        steps: Vec<StepWrite>,
    ) -> Result<Vec<Result<CommittedStep, Refusal>>, CommitError>;

    /// Returns whether it is certain that nothing of the newest [`commit`](Self::commit) was stored. Asked
    /// after it has failed or panicked; `false` where it cannot be told.
    fn stored_nothing(&self) -> bool {
        false
    }

    /// Makes the tables that `workflows` declare, adding columns where a table has grown.
    /// Nothing is changed when one of them collides with another or with what is stored.
    fn define_outputs(
        &mut self,
        workflows: &[Arc<WorkflowDefinition>],
    ) -> Result<Result<(), SchemaError>, CommitError>;

    /// Stores the source of a module graph, unless it is there.
    fn register_module(&mut self, revision: &ModuleRevision) -> Result<(), CommitError>;

    /// Records a start of the gateway; runs that are launched from now on refer to it. The audit trail gets
    /// the start, an unclean end of the process before, and the names of settings that have changed since.
    fn record_deployment(&mut self, deployment: &Deployment) -> Result<(), CommitError>;

    /// Records that the deployment ends in good order; nothing when there is none.
    fn record_stop(&mut self, at: Timestamp) -> Result<(), CommitError>;

    /// Deletes a run that has ended, with its tombstone and audit row. Nobody sees it from then on; what is
    /// left of a large one goes with [`continue_deletion`](Self::continue_deletion).
    fn delete_run(
        &mut self,
        order: &DeletionOrder,
    ) -> Result<Result<Deletion, DeletionRefusal>, CommitError>;

    /// Deletes more rows of a run whose deletion has begun. Returns whether none is left.
    fn continue_deletion(
        &mut self,
        run: &RunId,
    ) -> Result<Result<bool, DeletionRefusal>, CommitError>;

    /// Keeps a run from being deleted, or releases it. Returns the hold that is in force afterwards.
    fn hold_run(
        &mut self,
        order: &HoldOrder,
    ) -> Result<Result<Option<Hold>, DeletionRefusal>, CommitError>;

    /// Changes a schedule. Returns false when there was nothing to change: it is gone, or has moved meanwhile.
    fn change_schedule(&mut self, order: &ScheduleOrder) -> Result<bool, CommitError>;

    /// Stores a delivery of a webhook, in place of the same one, and forgets at most `forget` of those that have
    /// expired by the time it was taken.
    fn keep_delivery(&mut self, delivery: &Delivery, forget: u32) -> Result<(), CommitError>;

    /// Adds a try to the trail of rewinds, or says how one that was under way has ended; with a row of the audit trail.
    fn record_rewind(
        &mut self,
        row: &TimeTravelRow,
        audit: &AuditRecord,
    ) -> Result<(), CommitError>;

    /// Forgets kept results that have expired, then those used longest ago while all of them take more bytes than the
    /// cap says; a bounded number at a time. Returns how many went.
    fn sweep_cache(&mut self, sweep: &CacheSweep) -> Result<u64, CommitError>;

    /// Adds rows to the audit trail.
    fn append_audit(&mut self, records: Vec<AuditRecord>) -> Result<(), CommitError>;

    /// Gives at most `most` unused pages of the file back to the file system. Returns how many it gave.
    fn release_pages(&mut self, most: u32) -> Result<u64, CommitError>;

    /// Proves that writing works by committing a row that changes nothing.
    fn verify(&mut self) -> Result<(), CommitError>;

    /// Ends the write path in good order: the log is folded into the main file.
    fn close(self: Box<Self>) -> Result<(), CommitError>;
}
