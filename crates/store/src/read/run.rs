//! Reading runs.

use std::collections::HashMap;

use smithers_model::node::NodeState;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::{RunId, WorkflowKey};

use super::ReadResult;

/// Which runs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFilter {
    /// Only runs with this status.
    pub status: Option<RunStatus>,
    /// Runs with this status as well, when there is one above.
    pub or_status: Option<RunStatus>,
    /// Only runs of this workflow.
    pub workflow: Option<WorkflowKey>,
    /// Only runs that this one has started.
    pub parent: Option<RunId>,
    /// Internal runs as well.
    pub include_system: bool,
    /// At most this many.
    pub limit: usize,
    /// Leave out this many first.
    pub offset: usize,
}

impl Default for RunFilter {
    /// The newest 50 runs that people launched (gateway-protocol 10.1).
    fn default() -> Self {
        Self {
            status: None,
            or_status: None,
            workflow: None,
            parent: None,
            include_system: false,
            limit: 50,
            offset: 0,
        }
    }
}

impl RunFilter {
    /// Whether a run of this status is wanted.
    pub(crate) fn has_status(&self, status: RunStatus) -> bool {
        self.status.is_none() || self.status == Some(status) || self.or_status == Some(status)
    }
}

/// Reads runs.
pub trait RunReader {
    /// Returns the row of a run.
    fn run(&self, run: &RunId) -> ReadResult<Option<RunRow>>;

    /// Lists runs, the newest creation first, equal ones by run id.
    fn runs(&self, filter: &RunFilter) -> ReadResult<Vec<RunRow>>;

    /// Lists ids of runs in `status`, in the order of ids, from the one after `after`.
    fn run_ids_with_status(
        &self,
        status: RunStatus,
        after: Option<&RunId>,
        limit: usize,
    ) -> ReadResult<Vec<RunId>>;

    /// Returns the newest run of the chain that `run` belongs to; none when no run has gone on for another there.
    fn last_of_chain(&self, run: &RunId) -> ReadResult<Option<RunId>>;

    /// Returns the run that a launch with this idempotency key made.
    fn launch_by_key(&self, workflow: &WorkflowKey, key: &str) -> ReadResult<Option<RunId>>;

    /// Counts the nodes of a run by state; states without nodes are absent.
    fn state_counts(&self, run: &RunId) -> ReadResult<HashMap<NodeState, u64>>;

    /// Lists runs that people launched and that have not ended, the newest first.
    fn active_runs(&self, limit: usize) -> ReadResult<Vec<RunRow>>;
}
