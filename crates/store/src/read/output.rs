//! Reading output rows.

use smithers_model::output::OutputRow;
use smithers_model::{NodeKey, RunId};

use super::ReadResult;

/// Reads output rows. Fields come in schema order, absent ones null.
pub trait OutputReader {
    /// Lists the rows of a run in completion order; a replaced row counts from its replacement.
    fn outputs(&self, run: &RunId) -> ReadResult<Vec<OutputRow>>;

    /// Returns the row of one node in the table of schema key `table`.
    fn output(&self, run: &RunId, table: &str, node: &NodeKey) -> ReadResult<Option<OutputRow>>;
}
