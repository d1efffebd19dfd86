//! Worktrees of runs: who owns which, making them, and taking them away.
//!
//! Whose a worktree is stands in the reason of its lock, which git writes before anything else. A file beside it says
//! that it was made to its end; without that file a worktree of the same run is what a crash has left, and is made
//! again. One of somebody else is never touched.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use smithers_model::RunId;
use smithers_model::worktree::WorktreeSpec;

use crate::error::Error;
use crate::git;
use crate::list::{self, Listed};
use crate::place::Roots;

/// The file in the administrative folder of a worktree that was made to its end.
const READY: &str = "smithers-ready";

/// Makes worktrees and takes them away, one at a time in each repository.
#[derive(Debug, Default)]
pub struct Worktrees {
    pub(crate) roots: Roots,
    keep: bool,
    /// By repository, or by worktree; git itself refuses some commands that meet.
    turns: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
}

impl Worktrees {
    /// Allows worktrees below `roots`; without any there are none. With `keep` none is taken away.
    pub fn new(roots: &[PathBuf], keep: bool) -> Self {
        Self {
            roots: Roots::new(roots),
            keep,
            turns: Mutex::default(),
        }
    }

    /// Makes the worktree of a run unless it is there, and returns where it is.
    ///
    /// # Errors
    /// It is not allowed, somebody else has the path or the branch, or git fails. Nothing of others is changed.
    pub async fn prepare(&self, run: &RunId, spec: &WorktreeSpec) -> Result<PathBuf, Error> {
        let path = self.roots.check(Path::new(&spec.path))?;
        for name in spec.branch.iter().chain([&spec.base_branch]) {
            must_be_name(name)?;
        }
        let repository = self.repository(Path::new(&spec.root)).await?;
        let turn = self.turn(&repository);
        let _turn = turn.lock().await;
        let listed = self.listed(&repository).await?;
        let reason = owner(run);
        match listed.iter().find(|other| other.path == path) {
            Some(known) if known.reason.as_ref() != Some(&reason) => {
                return Err(conflict(format!("the path {}", path.display()), known));
            }
            Some(_) if is_ready(&path).await => return Ok(path),
            Some(_) => remove(&repository, &path, true).await?,
            None => {}
        }
        let same_branch = |other: &&Listed| spec.branch.is_some() && other.branch == spec.branch;
        if let Some(other) = listed
            .iter()
            .filter(|other| other.path != path)
            .find(same_branch)
        {
            let branch = spec.branch.as_deref().unwrap_or_default();
            return Err(conflict(format!("the branch {branch}"), other));
        }
        add(&repository, &path, spec, &reason).await?;
        Ok(path)
    }

    /// Takes the worktree of a run away when it holds nothing that would be lost: no changes, and no commits that the
    /// base branch does not have. Returns whether it is gone.
    ///
    /// # Errors
    /// Git fails; then the worktree stays.
    pub async fn release(&self, run: &RunId, spec: &WorktreeSpec) -> Result<bool, Error> {
        if self.keep {
            return Ok(false);
        }
        let path = self.roots.check(Path::new(&spec.path))?;
        let repository = self.repository(Path::new(&spec.root)).await?;
        let turn = self.turn(&repository);
        let _turn = turn.lock().await;
        let listed = self.listed(&repository).await?;
        let is_own = |other: &&Listed| other.path == path && other.reason == Some(owner(run));
        if listed.iter().find(is_own).is_none() || !is_expendable(&path, spec).await? {
            return Ok(false);
        }
        remove(&repository, &path, false).await?;
        Ok(true)
    }

    pub(crate) async fn repository(&self, folder: &Path) -> Result<PathBuf, Error> {
        let folder = &self.roots.check_repository(folder)?;
        let top = git::run(folder, &["rev-parse", "--show-toplevel"]).await;
        let top = top.map_err(|error| match error {
            Error::Failed { .. } => Error::NoRepository {
                path: folder.to_owned(),
            },
            other => other,
        })?;
        self.roots.check_repository(Path::new(&top))
    }

    pub(crate) fn turn(&self, repository: &Path) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock();
        Arc::clone(turns.entry(repository.to_owned()).or_default())
    }

    async fn listed(&self, repository: &Path) -> Result<Vec<Listed>, Error> {
        let text = git::run(repository, &["worktree", "list", "--porcelain", "-z"]).await?;
        Ok(list::parse(&text))
    }
}

/// Refuses what git could take for an option.
fn must_be_name(name: &str) -> Result<(), Error> {
    let is_name = !name.is_empty() && !name.starts_with('-') && !name.contains(char::is_control);
    match is_name {
        true => Ok(()),
        false => Err(Error::Failed {
            what: "worktree add".into(),
            message: format!("`{}` is no name of a branch", name.escape_debug()),
        }),
    }
}

/// The reason of the lock of a worktree of `run`.
fn owner(run: &RunId) -> String {
    format!("smithers run {run}")
}

fn conflict(what: String, holder: &Listed) -> Error {
    let owner = match &holder.reason {
        Some(reason) if reason.starts_with("smithers run ") => reason.clone(),
        _ => format!("the worktree {}", holder.path.display()),
    };
    Error::Conflict { what, owner }
}

/// Makes a worktree on its branch, which is made from the base unless it exists; without a branch, on none.
async fn add(
    repository: &Path,
    path: &Path,
    spec: &WorktreeSpec,
    reason: &str,
) -> Result<(), Error> {
    let place = path.display().to_string();
    let mut arguments = vec!["worktree", "add", "--lock", "--reason", reason];
    let base = spec.base_branch.as_str();
    match spec.branch.as_deref() {
        None => arguments.extend(["--detach", "--", &place, base]),
        Some(branch) if has_branch(repository, branch).await => {
            arguments.extend(["--", &place, branch]);
        }
        Some(branch) => arguments.extend(["-b", branch, "--", &place, base]),
    }
    git::run(repository, &arguments).await?;
    let ready = ready_file(path).await?;
    std::fs::write(&ready, "").map_err(|error| Error::Failed {
        what: "worktree add".into(),
        message: format!("`{}` cannot be written: {error}", ready.display()),
    })
}

async fn has_branch(repository: &Path, branch: &str) -> bool {
    let name = format!("refs/heads/{branch}");
    let arguments = ["show-ref", "--verify", "--quiet", &name];
    git::run(repository, &arguments).await.is_ok()
}

/// Takes a worktree away; with `by_force` whatever is in it. Its branch stays.
async fn remove(repository: &Path, path: &Path, by_force: bool) -> Result<(), Error> {
    let place = path.display().to_string();
    git::run(repository, &["worktree", "unlock", &place]).await?;
    let mut arguments = vec!["worktree", "remove"];
    if by_force {
        arguments.push("--force");
    }
    arguments.extend(["--", &place]);
    match git::run(repository, &arguments).await {
        Ok(_) => Ok(()),
        // Where a crash has left too little to be recognised, only what git knows of it goes.
        Err(_) if by_force && !path.join(".git").exists() => {
            git::run(repository, &["worktree", "prune", "--expire=now"]).await?;
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn ready_file(path: &Path) -> Result<PathBuf, Error> {
    let folder = git::run(path, &["rev-parse", "--absolute-git-dir"]).await?;
    Ok(Path::new(&folder).join(READY))
}

pub(crate) async fn is_ready(path: &Path) -> bool {
    path.join(".git").is_file() && ready_file(path).await.is_ok_and(|file| file.is_file())
}

/// Nothing in the worktree would be lost with it.
async fn is_expendable(path: &Path, spec: &WorktreeSpec) -> Result<bool, Error> {
    let status = ["status", "--porcelain", "--untracked-files=all"];
    if !git::run(path, &status).await?.is_empty() {
        return Ok(false);
    }
    let merged = [
        "merge-base",
        "--is-ancestor",
        "HEAD",
        spec.base_branch.as_str(),
    ];
    Ok(git::run(path, &merged).await.is_ok())
}
