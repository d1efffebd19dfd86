//! Worktrees: folders with a checkout of their own, in which tasks of a run work (workflow-model 3.3).

use serde::{Deserialize, Serialize};

/// What was kept of the files around an attempt, as commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFiles {
    /// The folder that it worked in, absolute.
    pub path: String,
    /// As they were when it began, or when they were kept last before that.
    pub base: String,
    /// As they were when it ended; none while it is under way, or when they could not be kept.
    pub end: Option<String>,
}

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
