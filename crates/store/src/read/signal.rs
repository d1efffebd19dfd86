//! Reading signals.

use smithers_model::RunId;
use smithers_model::signal::Signal;

use super::ReadResult;

/// Reads signals. Bounded by what one run keeps.
pub trait SignalReader {
    /// Lists the signals of a run by number.
    fn signals(&self, run: &RunId) -> ReadResult<Vec<Signal>>;
}
