//! Worktrees: folders with a checkout of their own, in which tasks of a run work (workflow-model 3.3).

use serde::{Deserialize, Serialize};

/// The worktree that is around a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorktreeSpec {
    /// As its author calls it, else made from its path.
    pub id: String,
    /// Where it is to be, absolute.
    pub path: String,
    /// The folder whose repository it belongs to, absolute: that of the module.
    pub root: String,
    /// The branch that it has; made from the base when there is none of that name. None: no branch.
    pub branch: Option<String>,
    /// What it begins from.
    pub base_branch: String,
}
