//! The memory backend: the same promises as SQLite, without durability. For tests and previews.

mod apply;
mod cache;
mod deletion;
mod delivery;
mod effect;
mod past;
mod read;
mod run;
mod schedule;
mod score;
mod state;

use std::sync::Arc;

use parking_lot::RwLock;
use smithers_model::Epoch;
use smithers_model::redact::Redactor;

use crate::backend::{Backend, ReadGuard, Transactions};
use crate::boundary::Boundary;
use crate::error::{Error, OpenError};
use apply::MemoryTransactions;
use read::MemoryReader;
use state::State;

/// A store that forgets everything when it is dropped.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<RwLock<State>>,
    boundary: Boundary,
}

impl MemoryStore {
    /// Makes an empty store that passes text through `redactor`.
    pub fn new(redactor: Arc<dyn Redactor>) -> Self {
        Self {
            state: Arc::default(),
            boundary: Boundary::new(redactor),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(smithers_redact::shared())
    }
}

impl Backend for MemoryStore {
    fn open_writer(&self) -> Result<Box<dyn Transactions>, OpenError> {
        Ok(Box::new(MemoryTransactions {
            state: self.state.clone(),
            boundary: self.boundary.clone(),
        }))
    }

    fn reader(&self) -> Result<ReadGuard, Error> {
        Ok(ReadGuard::new(MemoryReader(self.state.clone())))
    }

    fn snapshot(&self) -> Result<ReadGuard, Error> {
        let copy = self.state.read().clone();
        Ok(ReadGuard::new(MemoryReader(Arc::new(RwLock::new(copy)))))
    }

    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn boundary(&self) -> &Boundary {
        &self.boundary
    }
}
