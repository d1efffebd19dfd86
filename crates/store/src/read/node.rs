//! Reading nodes and attempts.

use smithers_model::node::{AttemptRow, NodeRow};
use smithers_model::{NodeKey, RunId};

use super::ReadResult;

/// Reads nodes and attempts. Bounded by the size of one run.
pub trait NodeReader {
    /// Lists the nodes of a run by node id and iteration.
    fn nodes(&self, run: &RunId) -> ReadResult<Vec<NodeRow>>;

    /// Lists the nodes of a run in their newest iterations, by node id. Costs as much as the run has node ids, however
    /// often each has come.
    fn newest_nodes(&self, run: &RunId) -> ReadResult<Vec<NodeRow>>;

    /// Returns one node.
    fn node(&self, run: &RunId, node: &NodeKey) -> ReadResult<Option<NodeRow>>;

    /// Lists the attempts of a run by node id, iteration and number.
    fn attempts(&self, run: &RunId) -> ReadResult<Vec<AttemptRow>>;

    /// Lists the attempts of one node by number.
    fn attempts_of(&self, run: &RunId, node: &NodeKey) -> ReadResult<Vec<AttemptRow>>;
}
