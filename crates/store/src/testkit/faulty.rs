//! A backend that fails when it is told to, in front of any other one. It has no process-wide state: each
//! store has its own switch.

use std::sync::Arc;

use parking_lot::Mutex;
use smithers_model::audit::{AuditRecord, Deployment};
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder};
use smithers_model::delivery::Delivery;
use smithers_model::rewind::TimeTravelRow;
use smithers_model::schedule::ScheduleOrder;
use smithers_model::step::StepWrite;
use smithers_model::workflow::{ModuleRevision, WorkflowDefinition};
use smithers_model::{Epoch, RunId, Timestamp};

use crate::backend::{Backend, ReadGuard, Transactions};
use crate::boundary::Boundary;
use crate::cache::CacheSweep;
use crate::commit::{CommittedStep, Refusal};
use crate::deletion::{Deletion, DeletionRefusal};
use crate::error::{CommitError, Error, FaultKind, OpenError};
use crate::schema::SchemaError;

/// Which of the two ways of an unknown outcome a failing commit takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was stored.
    Before,
    /// Everything was stored, but nobody was told.
    After,
}

/// Makes commits fail. Clones share the switch.
#[derive(Clone, Default)]
pub struct FaultSwitch(Arc<Mutex<Option<Armed>>>);

#[derive(Clone, Copy)]
struct Armed {
    kind: FaultKind,
    moment: Moment,
    /// Commits that still fail; `None` until healed.
    left: Option<usize>,
}

impl FaultSwitch {
    /// The next commit fails; then everything works again.
    pub fn fail_once(&self, kind: FaultKind, moment: Moment) {
        *self.0.lock() = Some(Armed {
            kind,
            moment,
            left: Some(1),
        });
    }

    /// Every commit fails, and the store cannot be reopened, until [`heal`](Self::heal).
    pub fn fail(&self, kind: FaultKind, moment: Moment) {
        *self.0.lock() = Some(Armed {
            kind,
            moment,
            left: None,
        });
    }

    /// Everything works again.
    pub fn heal(&self) {
        *self.0.lock() = None;
    }

    fn strike(&self) -> Option<Armed> {
        let mut armed = self.0.lock();
        let strike = *armed;
        if let Some(Armed {
            left: Some(left), ..
        }) = &mut *armed
        {
            *left -= 1;
            if *left == 0 {
                *armed = None;
            }
        }
        strike
    }
}

/// See the module documentation.
pub struct FaultyStore<B> {
    inner: B,
    switch: FaultSwitch,
}

impl<B: Backend> FaultyStore<B> {
    /// Puts a switch in front of `inner`.
    pub fn new(inner: B) -> Self {
        Self {
            inner,
            switch: FaultSwitch::default(),
        }
    }

    /// The switch.
    pub fn switch(&self) -> FaultSwitch {
        self.switch.clone()
    }
}

impl<B: Backend> Backend for FaultyStore<B> {
    fn open_writer(&self) -> Result<Box<dyn Transactions>, OpenError> {
        Ok(Box::new(FaultyTransactions {
            inner: self.inner.open_writer()?,
            switch: self.switch.clone(),
            struck: None,
        }))
    }

    fn reader(&self) -> Result<ReadGuard, Error> {
        self.inner.reader()
    }

    fn snapshot(&self) -> Result<ReadGuard, Error> {
        self.inner.snapshot()
    }

    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }

    fn boundary(&self) -> &Boundary {
        self.inner.boundary()
    }
}

struct FaultyTransactions {
    inner: Box<dyn Transactions>,
    switch: FaultSwitch,
    /// How the newest transaction failed, if the switch made it fail.
    struck: Option<Moment>,
}

impl FaultyTransactions {
    fn strike<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Transactions) -> Result<T, CommitError>,
    ) -> Result<T, CommitError> {
        let armed = self.switch.strike();
        self.struck = armed.map(|armed| armed.moment);
        let Some(Armed { kind, moment, .. }) = armed else {
            return work(&mut *self.inner);
        };
        if moment == Moment::After {
            work(&mut *self.inner)?;
        }
        Err(CommitError::new(kind, "the test wanted it"))
    }
}

impl Transactions for FaultyTransactions {
    fn commit(
        &mut self,
        steps: Vec<StepWrite>,
    ) -> Result<Vec<Result<CommittedStep, Refusal>>, CommitError> {
        self.strike(|inner| inner.commit(steps))
    }

    fn stored_nothing(&self) -> bool {
        match self.struck {
            Some(moment) => moment == Moment::Before,
            None => self.inner.stored_nothing(),
        }
    }

    fn define_outputs(
        &mut self,
        workflows: &[Arc<WorkflowDefinition>],
    ) -> Result<Result<(), SchemaError>, CommitError> {
        self.strike(|inner| inner.define_outputs(workflows))
    }

    fn register_module(&mut self, revision: &ModuleRevision) -> Result<(), CommitError> {
        self.strike(|inner| inner.register_module(revision))
    }

    fn record_deployment(&mut self, deployment: &Deployment) -> Result<(), CommitError> {
        self.strike(|inner| inner.record_deployment(deployment))
    }

    fn record_stop(&mut self, at: Timestamp) -> Result<(), CommitError> {
        self.strike(|inner| inner.record_stop(at))
    }

    fn delete_run(
        &mut self,
        order: &DeletionOrder,
    ) -> Result<Result<Deletion, DeletionRefusal>, CommitError> {
        self.strike(|inner| inner.delete_run(order))
    }

    fn continue_deletion(
        &mut self,
        run: &RunId,
    ) -> Result<Result<bool, DeletionRefusal>, CommitError> {
        self.strike(|inner| inner.continue_deletion(run))
    }

    fn hold_run(
        &mut self,
        order: &HoldOrder,
    ) -> Result<Result<Option<Hold>, DeletionRefusal>, CommitError> {
        self.strike(|inner| inner.hold_run(order))
    }

    fn change_schedule(&mut self, order: &ScheduleOrder) -> Result<bool, CommitError> {
        self.strike(|inner| inner.change_schedule(order))
    }

    fn keep_delivery(&mut self, delivery: &Delivery, forget: u32) -> Result<(), CommitError> {
        self.strike(|inner| inner.keep_delivery(delivery, forget))
    }

    fn record_rewind(
        &mut self,
        row: &TimeTravelRow,
        audit: &AuditRecord,
    ) -> Result<(), CommitError> {
        self.strike(|inner| inner.record_rewind(row, audit))
    }

    fn sweep_cache(&mut self, sweep: &CacheSweep) -> Result<u64, CommitError> {
        self.strike(|inner| inner.sweep_cache(sweep))
    }

    fn append_audit(&mut self, records: Vec<AuditRecord>) -> Result<(), CommitError> {
        self.strike(|inner| inner.append_audit(records))
    }

    fn release_pages(&mut self, most: u32) -> Result<u64, CommitError> {
        self.strike(|inner| inner.release_pages(most))
    }

    fn verify(&mut self) -> Result<(), CommitError> {
        self.strike(|inner| inner.verify())
    }

    fn close(self: Box<Self>) -> Result<(), CommitError> {
        self.inner.close()
    }
}
