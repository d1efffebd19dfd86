//! Reading waits.

use smithers_model::RunId;
use smithers_model::signal::SignalAddress;
use smithers_model::wait::{Wait, WaitKind};

use super::ReadResult;

/// Reads what nodes wait for besides decisions.
pub trait WaitReader {
    /// Lists what a run waits for by node id and iteration. Bounded by the size of one run.
    fn waits(&self, run: &RunId) -> ReadResult<Vec<Wait>>;

    /// Returns the wait of one kind in a run that ends first; those that end only from outside come last, equal ones by
    /// node id and iteration.
    fn next_wait(&self, run: &RunId, kind: WaitKind) -> ReadResult<Option<Wait>>;

    /// Lists runs in which a node waits for a signal, by id.
    fn runs_waiting_for(&self, signal: &SignalAddress, limit: usize) -> ReadResult<Vec<RunId>>;
}
