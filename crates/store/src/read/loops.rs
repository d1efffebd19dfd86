//! Reading loops.

use smithers_model::RunId;
use smithers_model::loops::LoopRow;

use super::ReadResult;

/// Reads loops. Bounded by the size of one run.
pub trait LoopReader {
    /// Lists the loops of a run by id.
    fn loops(&self, run: &RunId) -> ReadResult<Vec<LoopRow>>;
}
