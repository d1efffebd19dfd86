//! Reading module graphs.

use smithers_model::workflow::ModuleRevision;

use super::ReadResult;

/// Reads module graphs.
pub trait ModuleReader {
    /// Returns the source graph with this hash.
    fn module_graph(&self, hash: &str) -> ReadResult<Option<ModuleRevision>>;
}
