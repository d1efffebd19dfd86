//! Whether the writer takes steps, as everybody can ask at any time.

use parking_lot::RwLock;
use smithers_model::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// State of the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriterState {
    /// Takes steps.
    Ready,
    /// The storage failed, or the writer was shut down; steps are refused at once.
    Degraded {
        /// What the storage said.
        reason: String,
        /// When.
        since: Timestamp,
    },
}

/// The state with a flag in front of it, so that a submit takes no lock.
pub(super) struct SharedState {
    ready: AtomicBool,
    generation: AtomicU64,
    state: RwLock<WriterState>,
}

impl SharedState {
    pub(super) fn new() -> Self {
        Self {
            ready: AtomicBool::new(true),
            generation: AtomicU64::new(1),
            state: RwLock::new(WriterState::Ready),
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn get(&self) -> WriterState {
        self.state.read().clone()
    }

    pub(super) fn degraded(&self, reason: String, since: Timestamp) -> WriterState {
        self.ready.store(false, Ordering::Release);
        let state = WriterState::Degraded { reason, since };
        self.state.write().clone_from(&state);
        state
    }

    pub(super) fn ready_again(&self) -> WriterState {
        *self.state.write() = WriterState::Ready;
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.ready.store(true, Ordering::Release);
        WriterState::Ready
    }
}
