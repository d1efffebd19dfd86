//! Bringing the files of a worktree back to what was kept of them.

use std::path::Path;

use smithers_model::RunId;

use crate::diff::must_be_commit;
use crate::error::Error;
use crate::git;
use crate::keep::keep;
use crate::worktrees::{Worktrees, is_ready};

impl Worktrees {
    /// Makes the files of a worktree of a run those that `commit` has kept, and its branch what it was then. What is
    /// there now is kept first. Ignored files stay. Returns false when there is no worktree any more.
    ///
    /// It may be done again after it was cut off.
    ///
    /// # Errors
    /// The path is not allowed, or git fails.
    pub async fn restore(&self, run: &RunId, path: &Path, commit: &str) -> Result<bool, Error> {
        must_be_commit(commit)?;
        if !path.exists() {
            return Ok(false);
        }
        let path = self.roots.check(path)?;
        let turn = self.turn(&path);
        let _turn = turn.lock().await;
        if !is_ready(&path).await {
            return Ok(false);
        }
        keep(run, &path).await?;
        let head = git::run(&path, &["rev-parse", &format!("{commit}^1")]).await?;
        git::run(&path, &["reset", "--quiet", "--hard", &head]).await?;
        git::run(&path, &["clean", "--quiet", "--force", "-d"]).await?;
        // The files are those of the commit; to the index, as before, what is not committed is a change.
        git::run(&path, &["read-tree", "-u", "--reset", commit]).await?;
        git::run(&path, &["reset", "--quiet", "--mixed", &head]).await?;
        Ok(true)
    }
}
