//! How writer, runs and scheduler are wired, so that the gateway and the tests run the same wiring.
//!
//! ```text
//! start_writer ──► Assembly ──(tables are defined)──► start_runs ──► Runs
//!                     └── state changes of the writer ──► WriterActor ──► runs, scheduler
//! ```

use std::sync::{Arc, OnceLock};

use actix::{Addr, ArbiterHandle};
use smithers_engine::{CONCURRENCY_CEILING, ChangedWorkflow};
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::time::Clock;
use smithers_store::writer::WriterOptions;
use smithers_store::{Backend, OpenError, Publisher, Writer, WriterHandle};
use smithers_vcs::Worktrees;

use crate::catalogue::Catalogue;
use crate::registry::{RunRegistry, Runs};
use crate::run::RunServices;
use crate::scheduler::{Nudge, Scheduler};
use crate::turns::Turns;
use crate::writer::{WriterActor, WriterStateChanged};

/// A store with its writer; the runs come with [`start_runs`](Self::start_runs).
pub struct Assembly {
    backend: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
    writer: WriterHandle,
    concurrency_ceiling: u32,
    changed_workflow: ChangedWorkflow,
    worktrees: Arc<Worktrees>,
    /// The writer's observer is made before the actor that it tells; the cell joins them.
    front: Arc<OnceLock<Addr<WriterActor>>>,
}

impl Assembly {
    /// Opens the write path of `backend`; committed steps go to `publisher`.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn start_writer(
        backend: Arc<dyn Backend>,
        publisher: Box<dyn Publisher>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Self::start_writer_with(backend, publisher, WriterOptions::new(clock))
    }

    /// As [`start_writer`](Self::start_writer), of a writer that works as `options` say. Its observer is set here.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn start_writer_with(
        backend: Arc<dyn Backend>,
        publisher: Box<dyn Publisher>,
        mut options: WriterOptions,
    ) -> Result<Self, OpenError> {
        let clock = options.clock.clone();
        let front = Arc::new(OnceLock::<Addr<WriterActor>>::new());
        let told = front.clone();
        options.on_state = Some(Box::new(move |state, _| {
            if let Some(front) = told.get() {
                front.do_send(WriterStateChanged(state.clone()));
            }
        }));
        let writer = Writer::spawn(backend.clone(), publisher, options)?;
        Ok(Self {
            backend,
            clock,
            writer,
            concurrency_ceiling: CONCURRENCY_CEILING,
            changed_workflow: ChangedWorkflow::default(),
            worktrees: Arc::default(),
            front,
        })
    }

    /// Sets how many tasks of a run may be in flight when neither its launch nor its workflow says more.
    #[must_use]
    pub fn concurrency_ceiling(mut self, ceiling: u32) -> Self {
        self.concurrency_ceiling = ceiling;
        self
    }

    /// Sets what becomes of a run whose workflow has changed since it last went on.
    #[must_use]
    pub fn changed_workflow(mut self, on_change: ChangedWorkflow) -> Self {
        self.changed_workflow = on_change;
        self
    }

    /// Sets where worktrees may be; without it there are none.
    #[must_use]
    pub fn worktrees(mut self, worktrees: Arc<Worktrees>) -> Self {
        self.worktrees = worktrees;
        self
    }

    /// The write path.
    pub fn writer(&self) -> &WriterHandle {
        &self.writer
    }

    /// Takes up what the store shows running, on `arbiters`, under what the operator says of `approvals`. The
    /// tables of `catalogue` must be defined. Needs an actix system.
    pub fn start_runs(
        self,
        catalogue: Arc<Catalogue>,
        approvals: ApprovalPolicy,
        arbiters: Vec<ArbiterHandle>,
    ) -> Runs {
        let nudge = Nudge::default();
        let services = self.services(catalogue, approvals, nudge.clone());
        let runs = RunRegistry::spawn(services, arbiters);
        let scheduler = Scheduler::spawn(runs.clone(), self.backend, self.clock, nudge);
        let front = WriterActor::spawn(self.writer, runs.clone(), scheduler);
        // The cell is empty: this is the only place that fills it, and it consumes the assembly.
        let _ = self.front.set(front);
        runs
    }

    /// Starts nothing that is stored: runs rest, and requests to them are refused. Needs an actix system.
    pub fn rest(
        self,
        catalogue: Arc<Catalogue>,
        approvals: ApprovalPolicy,
        arbiters: Vec<ArbiterHandle>,
    ) -> Runs {
        let services = self.services(catalogue, approvals, Nudge::default());
        let runs = RunRegistry::spawn(services, arbiters);
        runs.stop_accepting();
        runs
    }

    fn services(
        &self,
        catalogue: Arc<Catalogue>,
        approvals: ApprovalPolicy,
        scheduler: Nudge,
    ) -> Arc<RunServices> {
        Arc::new(RunServices {
            writer: self.writer.clone(),
            backend: self.backend.clone(),
            catalogue,
            clock: self.clock.clone(),
            turns: Turns::default(),
            approvals: Arc::new(approvals),
            concurrency_ceiling: self.concurrency_ceiling,
            changed_workflow: self.changed_workflow,
            worktrees: self.worktrees.clone(),
            epoch: self.backend.epoch(),
            scheduler,
        })
    }
}
