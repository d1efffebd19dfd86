//! The write path: one connection, one transaction per batch.

mod approval;
mod audit;
mod batch;
mod cache;
mod child;
mod current;
mod deletion;
mod delivery;
mod deployment;
mod due;
mod effect;
mod event;
mod frame;
mod history;
mod loops;
mod module;
mod node;
mod output;
mod pages;
mod rewind;
mod run;
mod schedule;
mod score;
mod signal;
mod step;
mod succession;
mod tables;
mod wait;

pub(super) use audit::append as append_audit;
pub(super) use cache::clear as clear_cache;
pub(crate) use tables::quoted;
pub(super) use tables::stored as stored_tables;

use std::sync::Arc;

use parking_lot::RwLock;
use rusqlite::Connection;
use smithers_model::audit::{AuditRecord, Deployment};
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder};
use smithers_model::delivery::Delivery;
use smithers_model::rewind::TimeTravelRow;
use smithers_model::schedule::ScheduleOrder;
use smithers_model::step::StepWrite;
use smithers_model::workflow::{ModuleRevision, WorkflowDefinition};
use smithers_model::{RunId, Timestamp};

use super::checkpoint::{self, WalGauge};
use super::fault::{Trouble, sort, storage};
use super::gateway::{self, Counters};
use crate::backend::Transactions;
use crate::boundary::Boundary;
use crate::cache::CacheSweep;
use crate::commit::{CommittedStep, Refusal};
use crate::deletion::{Deletion, DeletionRefusal};
use crate::error::CommitError;
use crate::schema::{Schema, SchemaError};

/// The writing connection with what it remembers between batches. Dropped after a fault.
pub(super) struct SqliteTransactions {
    conn: Connection,
    schema: Arc<RwLock<Schema>>,
    boundary: Boundary,
    wal: Arc<WalGauge>,
    /// Where the log ends, as committed.
    counters: Counters,
    /// Newest deployment; runs that are launched refer to it.
    deployment: Option<String>,
    /// Whether SQLite was asked to commit the newest batch.
    commit_tried: bool,
}

impl SqliteTransactions {
    /// Takes over a connection and reads where the log ends.
    pub(super) fn new(
        conn: Connection,
        schema: Arc<RwLock<Schema>>,
        boundary: Boundary,
        wal: Arc<WalGauge>,
    ) -> rusqlite::Result<Self> {
        checkpoint::watch(&conn);
        let counters = gateway::counters(&conn)?;
        let deployment = deployment::newest(&conn)?;
        let stored = tables::stored(&conn)?;
        schema.write().replace_tables(stored);
        Ok(Self {
            conn,
            schema,
            boundary,
            wal,
            counters,
            deployment,
            commit_tried: false,
        })
    }

    /// Runs `work` inside one transaction of its own.
    fn alone<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, CommitError> {
        self.begin()?;
        let result = work(&self.conn).map_err(storage)?;
        self.commit_transaction()?;
        Ok(result)
    }

    /// As [`alone`](Self::alone), for work that may be refused, by itself or by a rule of a table; then
    /// nothing of it is stored.
    fn unless_refused<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<Result<T, DeletionRefusal>>,
    ) -> Result<Result<T, DeletionRefusal>, CommitError> {
        self.begin()?;
        let refusal = match work(&self.conn) {
            Ok(Ok(done)) => {
                self.commit_transaction()?;
                return Ok(Ok(done));
            }
            Ok(Err(refusal)) => refusal,
            Err(error) => match sort(error) {
                Trouble::Storage(fault) => return Err(fault),
                Trouble::Row(refusal) => DeletionRefusal::Constraint(refusal.to_string()),
            },
        };
        self.rollback()?;
        Ok(Err(refusal))
    }

    fn begin(&self) -> Result<(), CommitError> {
        self.execute("BEGIN IMMEDIATE")
    }

    fn commit_transaction(&mut self) -> Result<(), CommitError> {
        self.commit_tried = true;
        self.execute("COMMIT")?;
        self.wal.committed();
        Ok(())
    }

    fn execute(&self, sql: &'static str) -> Result<(), CommitError> {
        let run = || self.conn.prepare_cached(sql)?.execute([]);
        run().map(drop).map_err(storage)
    }
}

impl Transactions for SqliteTransactions {
    fn commit(
        &mut self,
        mut steps: Vec<StepWrite>,
    ) -> Result<Vec<Result<CommittedStep, Refusal>>, CommitError> {
        self.commit_tried = false;
        for step in &mut steps {
            self.boundary.step(step);
        }
        self.write_batch(&steps)
    }

    /// Everything of a batch is written behind BEGIN: without COMMIT it goes with the connection.
    fn stored_nothing(&self) -> bool {
        !self.commit_tried
    }

    fn define_outputs(
        &mut self,
        workflows: &[Arc<WorkflowDefinition>],
    ) -> Result<Result<(), SchemaError>, CommitError> {
        let next = match self.schema.read().with(workflows) {
            Ok(next) => next,
            Err(error) => return Ok(Err(error)),
        };
        self.alone(|conn| tables::define(conn, &next))?;
        *self.schema.write() = next;
        Ok(Ok(()))
    }

    fn register_module(&mut self, revision: &ModuleRevision) -> Result<(), CommitError> {
        let clean = self.boundary.module(revision);
        let revision = clean.as_ref().unwrap_or(revision);
        self.alone(|conn| module::register(conn, revision))
    }

    fn record_deployment(&mut self, deployment: &Deployment) -> Result<(), CommitError> {
        self.alone(|conn| deployment::record_start(conn, deployment))?;
        self.deployment = Some(deployment.id.clone());
        Ok(())
    }

    fn record_stop(&mut self, at: Timestamp) -> Result<(), CommitError> {
        let Some(id) = self.deployment.clone() else {
            return Ok(());
        };
        self.alone(|conn| deployment::record_stop(conn, &id, at))
    }

    fn delete_run(
        &mut self,
        order: &DeletionOrder,
    ) -> Result<Result<Deletion, DeletionRefusal>, CommitError> {
        let order = self.boundary.deletion(order);
        self.unless_refused(|conn| deletion::begin(conn, &order))
    }

    fn continue_deletion(
        &mut self,
        run: &RunId,
    ) -> Result<Result<bool, DeletionRefusal>, CommitError> {
        self.unless_refused(|conn| deletion::go_on(conn, run).map(Ok))
    }

    fn hold_run(
        &mut self,
        order: &HoldOrder,
    ) -> Result<Result<Option<Hold>, DeletionRefusal>, CommitError> {
        let order = self.boundary.hold(order);
        self.unless_refused(|conn| deletion::hold(conn, &order))
    }

    fn change_schedule(&mut self, order: &ScheduleOrder) -> Result<bool, CommitError> {
        let order = self.boundary.schedule(order);
        self.alone(|conn| schedule::change(conn, &order))
    }

    fn keep_delivery(&mut self, delivery: &Delivery, forget: u32) -> Result<(), CommitError> {
        let delivery = self.boundary.delivery(delivery);
        self.alone(|conn| delivery::keep(conn, &delivery, forget))
    }

    fn record_rewind(
        &mut self,
        row: &TimeTravelRow,
        audit: &AuditRecord,
    ) -> Result<(), CommitError> {
        let mut record = audit.clone();
        self.boundary.audit(&mut record);
        self.alone(|conn| {
            rewind::record(conn, row)?;
            audit::append(conn, &record)
        })
    }

    fn sweep_cache(&mut self, sweep: &CacheSweep) -> Result<u64, CommitError> {
        self.alone(|conn| cache::sweep(conn, sweep))
    }

    fn append_audit(&mut self, mut records: Vec<AuditRecord>) -> Result<(), CommitError> {
        for record in &mut records {
            self.boundary.audit(record);
        }
        self.alone(|conn| {
            records
                .iter()
                .try_for_each(|record| audit::append(conn, record))
        })
    }

    fn release_pages(&mut self, most: u32) -> Result<u64, CommitError> {
        let released = pages::release(&self.conn, most).map_err(storage)?;
        self.wal.committed();
        Ok(released)
    }

    fn verify(&mut self) -> Result<(), CommitError> {
        let counters = self.counters;
        self.alone(|conn| gateway::advance(conn, counters))
    }

    fn close(self: Box<Self>) -> Result<(), CommitError> {
        checkpoint::checkpoint(&self.conn, "TRUNCATE").map_err(storage)?;
        self.conn.close().map_err(|(_, error)| storage(error))
    }
}
