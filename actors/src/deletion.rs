//! Deleting runs as a whole: children before parents, each from the store, from memory and from the streams.
//!
//! ```text
//! plan ──► for each run: digest of its log ──► store ──► its actor ends ──► its streams end ──► rest of its rows
//! ```
//!
//! Everything here blocks, so that it runs on a thread of its own.

use std::sync::Arc;

use smithers_model::audit::Channel;
use smithers_model::deletion::{DeletionOrder, Hold, HoldOrder, RunCounts, Tombstone};
use smithers_model::run::{Actor as Person, RunRow};
use smithers_model::{RunId, Timestamp};
use smithers_store::writer::TaskError;
use smithers_store::{Backend, DeletionRefusal, Reader, WriterHandle, log_digest};

use crate::hub::HubBus;
use crate::registry::Runs;

/// Most runs that one request deletes: a run with all its descendants.
const MAX_FAMILY: usize = 10_000;
/// How often a run is read again because its log has grown meanwhile; a run that has ended stays as it is.
const ATTEMPTS: usize = 3;
/// Begun deletions that are looked up at a time.
const PAGE: usize = 100;

/// Why a run was not deleted, or not held.
#[derive(Debug, thiserror::Error)]
pub enum DeletionError {
    /// The state of a run forbids it.
    #[error("run `{run}` is not deleted: {refusal}")]
    Refused {
        /// Which run.
        run: RunId,
        /// Why.
        refusal: DeletionRefusal,
    },
    /// The run has more descendants than one request deletes.
    #[error("run `{0}` has too many descendants")]
    TooMany(RunId),
    /// The database does not take writes, or failed meanwhile.
    #[error(transparent)]
    Write(#[from] TaskError),
    /// The database could not be read.
    #[error("the database could not be read")]
    Read(#[from] smithers_store::Error),
}

/// A run that would be deleted.
#[derive(Debug)]
pub struct Doomed {
    /// Its row.
    pub row: RunRow,
    /// What it has.
    pub counts: RunCounts,
}

/// Who asks for deletions, and why.
#[derive(Clone, Debug)]
pub struct Cause {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Person,
    /// Why.
    pub reason: Option<String>,
}

impl Cause {
    /// A policy asks, not a person.
    pub fn policy(at: Timestamp, reason: String) -> Self {
        Self {
            at,
            actor: Person {
                channel: Channel::Scheduler,
                ..Person::default()
            },
            reason: Some(reason),
        }
    }
}

/// Deletes runs. Cheap to clone.
#[derive(Clone)]
pub struct Deletions {
    backend: Arc<dyn Backend>,
    writer: WriterHandle,
    runs: Runs,
    bus: Arc<HubBus>,
}

impl Deletions {
    /// Deletes through `writer`, and tells `runs` and `bus`.
    pub fn new(
        backend: Arc<dyn Backend>,
        writer: WriterHandle,
        runs: Runs,
        bus: Arc<HubBus>,
    ) -> Self {
        Self {
            backend,
            writer,
            runs,
            bus,
        }
    }

    /// Lists what the deletion of `run` would delete, children before their parents. Blocks.
    ///
    /// # Errors
    /// One of the runs may not be deleted; then none would be.
    pub fn plan(&self, run: &RunId, with_children: bool) -> Result<Vec<Doomed>, DeletionError> {
        let reader = self.backend.reader()?;
        let mut family = vec![run.clone()];
        let mut next = 0;
        while let Some(parent) = family.get(next).cloned() {
            let children = reader.children(&parent, MAX_FAMILY)?;
            if !with_children && !children.is_empty() {
                return Err(refused(run, DeletionRefusal::HasChildren(children)));
            }
            family.extend(children);
            if family.len() > MAX_FAMILY {
                return Err(DeletionError::TooMany(run.clone()));
            }
            next += 1;
        }
        let doomed = family.iter().rev().map(|run| doomed(&*reader, run));
        doomed.collect()
    }

    /// Deletes `run`, with everything it has started when `with_children` says so. Blocks. When it fails half
    /// way, children are gone and their parents are not.
    ///
    /// # Errors
    /// One of the runs may not be deleted, or the database failed.
    pub fn delete(
        &self,
        run: &RunId,
        with_children: bool,
        cause: &Cause,
    ) -> Result<Vec<Tombstone>, DeletionError> {
        let family = self.plan(run, with_children)?;
        family
            .iter()
            .map(|doomed| self.delete_one(&doomed.row.run_id, cause))
            .collect()
    }

    fn delete_one(&self, run: &RunId, cause: &Cause) -> Result<Tombstone, DeletionError> {
        let mut refusal = DeletionRefusal::Grown;
        for _ in 0..ATTEMPTS {
            let order = DeletionOrder {
                run_id: run.clone(),
                at: cause.at,
                actor: cause.actor.clone(),
                reason: cause.reason.clone(),
                log: log_digest(&*self.backend.reader()?, run)?,
            };
            match self.writer.delete_run(order)? {
                Ok(deletion) => {
                    self.tell(run);
                    if !deletion.is_finished {
                        self.finish(run)?;
                    }
                    tracing::info!(run.id = %run, "run deleted");
                    return Ok(deletion.tombstone);
                }
                Err(DeletionRefusal::Grown) => {}
                Err(other) => {
                    refusal = other;
                    break;
                }
            }
        }
        Err(refused(run, refusal))
    }

    /// Finishes deletions that had begun when the process ended, or the database failed. Blocks.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub fn finish_begun(&self) -> Result<(), DeletionError> {
        loop {
            let begun = self.backend.reader()?.unfinished_deletions(PAGE)?;
            for run in &begun {
                self.tell(run);
                self.finish(run)?;
                tracing::info!(run.id = %run, "a deletion that had begun is finished");
            }
            if begun.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Holds a run, or releases it; returns the hold that is in force. Blocks.
    ///
    /// # Errors
    /// There is no such run, or the database failed.
    pub fn hold(&self, order: HoldOrder) -> Result<Option<Hold>, DeletionError> {
        let run = order.run_id.clone();
        let held = self.writer.hold_run(order)?;
        held.map_err(|refusal| refused(&run, refusal))
    }

    /// Nothing in memory keeps the run alive.
    fn tell(&self, run: &RunId) {
        self.runs.forget(run);
        self.bus.run_deleted(run);
    }

    /// Deletes the rows that are left, in turn with whoever else writes.
    fn finish(&self, run: &RunId) -> Result<(), DeletionError> {
        loop {
            let done = self.writer.continue_deletion(run.clone())?;
            if done.map_err(|refusal| refused(run, refusal))? {
                return Ok(());
            }
        }
    }
}

/// Looks at a run before anything is deleted. The store looks again.
fn doomed(reader: &dyn Reader, run: &RunId) -> Result<Doomed, DeletionError> {
    let Some(row) = reader.run(run)? else {
        return Err(refused(run, DeletionRefusal::NotFound(run.clone())));
    };
    if !row.status.is_terminal() {
        return Err(refused(run, DeletionRefusal::Active(row.status)));
    }
    if let Some(hold) = reader.hold(run)? {
        return Err(refused(run, DeletionRefusal::Held(hold)));
    }
    let counts = reader.run_counts(run)?;
    Ok(Doomed { row, counts })
}

fn refused(run: &RunId, refusal: DeletionRefusal) -> DeletionError {
    let run = run.clone();
    DeletionError::Refused { run, refusal }
}
