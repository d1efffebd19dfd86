//! Reading approvals.

use smithers_model::approval::Approval;
use smithers_model::{NodeKey, RunId, WorkflowKey};

use super::ReadResult;

/// Which pending approvals to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalFilter {
    /// Only those of this run.
    pub run: Option<RunId>,
    /// Only those of runs of this workflow.
    pub workflow: Option<WorkflowKey>,
    /// At most this many.
    pub limit: usize,
}

impl ApprovalFilter {
    /// All of them, at most `limit`.
    pub fn all(limit: usize) -> Self {
        Self {
            run: None,
            workflow: None,
            limit,
        }
    }
}

/// An approval that waits, with the workflow it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingApproval {
    /// Key of the run's workflow.
    pub workflow_key: WorkflowKey,
    /// What is asked.
    pub approval: Approval,
}

/// Reads approvals.
pub trait ApprovalReader {
    /// Lists what waits for a decision, the oldest first, equal ones by run id, node id and iteration.
    fn pending(&self, filter: &ApprovalFilter) -> ReadResult<Vec<PendingApproval>>;

    /// Lists the approvals of a run, decided or not, by the time they were asked for, then node id and iteration.
    fn approvals(&self, run: &RunId) -> ReadResult<Vec<Approval>>;

    /// Returns the approval of a node, decided or not.
    fn approval(&self, run: &RunId, node: &NodeKey) -> ReadResult<Option<Approval>>;
}
