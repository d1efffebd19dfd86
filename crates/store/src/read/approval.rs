//! Reading approvals.

use smithers_model::approval::{Approval, Precedent};
use smithers_model::{NodeId, NodeKey, RunId, WorkflowKey};

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

/// Most decisions that a search for precedents passes over: those of the run that asks, and of runs under another
/// name. What is further back is not found, and a person is asked.
pub const MOST_PASSED_OVER: usize = 256;

/// Which decisions of people can speak for an approval.
#[derive(Clone, Debug)]
pub struct PrecedentFilter {
    /// Key of the workflow.
    pub workflow: WorkflowKey,
    /// Its name, which tells runs of it apart that were begun under another one.
    pub workflow_name: String,
    /// The node, in whatever iteration.
    pub node: NodeId,
    /// The run that asks: it is no precedent for itself.
    pub other_than: RunId,
    /// Most decisions to return.
    pub most: usize,
}

impl PrecedentFilter {
    /// Picks what counts of the newest decisions, each with the name of the workflow of its run.
    pub(crate) fn pick(&self, decided: Vec<(Precedent, String)>) -> Vec<Precedent> {
        let counts = |(precedent, name): &(Precedent, String)| {
            precedent.run_id != self.other_than && *name == self.workflow_name
        };
        let counting = decided.into_iter().filter(counts);
        counting
            .map(|(precedent, _)| precedent)
            .take(self.most)
            .collect()
    }
}

/// Reads approvals.
pub trait ApprovalReader {
    /// Lists what waits for a decision, the oldest first, equal ones by run id, node id and iteration.
    fn pending(&self, filter: &ApprovalFilter) -> ReadResult<Vec<PendingApproval>>;

    /// Lists the approvals of a run, decided or not, by the time they were asked for, then node id and iteration.
    fn approvals(&self, run: &RunId) -> ReadResult<Vec<Approval>>;

    /// Lists what people decided, the newest first, then by run id and iteration from the last. What was given without
    /// a person, and what a retry has undone, is left out.
    fn precedents(&self, of: &PrecedentFilter) -> ReadResult<Vec<Precedent>>;

    /// Returns the approval of a node, decided or not.
    fn approval(&self, run: &RunId, node: &NodeKey) -> ReadResult<Option<Approval>>;
}
