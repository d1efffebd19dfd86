//! What can go wrong with worktrees.

use std::path::PathBuf;
use std::time::Duration;

use smithers_model::error::ErrorInfo;

/// Why a worktree could not be made, looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator has named no folder for worktrees, or others.
    #[error("`{path}` is below none of the folders in SMITHERS_WORKTREE_ROOTS")]
    NotAllowed {
        /// What was asked for.
        path: PathBuf,
    },
    /// The program is not installed.
    #[error("git is not installed")]
    NoGit,
    /// The folder belongs to no repository.
    #[error("`{path}` is in no git repository")]
    NoRepository {
        /// Which folder.
        path: PathBuf,
    },
    /// Somebody else has what was asked for.
    #[error("{what} is in use by {owner}")]
    Conflict {
        /// A path or a branch.
        what: String,
        /// By whom.
        owner: String,
    },
    /// Git did not do what it was asked for.
    #[error("git {what} failed: {message}")]
    Failed {
        /// The subcommand.
        what: String,
        /// What it said.
        message: String,
    },
    /// It took too long, or said too much.
    #[error("git {what} was stopped: {why}")]
    Stopped {
        /// The subcommand.
        what: String,
        /// Which bound.
        why: &'static str,
        /// After how long.
        after: Duration,
    },
}

impl Error {
    /// The error of a task that cannot begin because of this.
    pub fn to_info(&self) -> ErrorInfo {
        let code = match self {
            Self::NoGit | Self::NoRepository { .. } => "VCS_NOT_FOUND",
            Self::NotAllowed { .. } | Self::Conflict { .. } => "WORKTREE_CREATE_FAILED",
            Self::Failed { .. } | Self::Stopped { .. } => "VCS_WORKSPACE_CREATE_FAILED",
        };
        ErrorInfo::coded(code, self.to_string())
    }

    /// Whether another try may end better by itself.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Stopped { .. })
    }
}
