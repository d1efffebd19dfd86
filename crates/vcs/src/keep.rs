//! Keeping the files of a worktree as they are: a commit that no branch has, made beside the index.
//!
//! ```text
//!   HEAD of the worktree ──► commit of all its files, tracked or not, but for ignored ones
//!                              ▲ second parent: the one kept before
//!   refs/smithers/RUN/PATH ────┘ so that one name keeps all of them
//! ```

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use smithers_model::RunId;

use crate::error::Error;
use crate::git::{self, Git};
use crate::worktrees::{Worktrees, is_ready};

/// Index beside that of the worktree.
const INDEX: &str = "smithers-index";

/// What was kept of a worktree before.
struct Before {
    commit: String,
    tree: String,
    head: String,
}

impl Worktrees {
    /// Keeps the files of the worktree of a run, in a commit that it returns. When nothing has changed since it was
    /// done last, that is the one from then.
    ///
    /// # Errors
    /// There is no worktree that is done, or git fails; the worktree and its index are as they were.
    pub async fn keep(&self, run: &RunId, path: &Path) -> Result<String, Error> {
        let path = self.roots.check(path)?;
        let turn = self.turn(&path);
        let _turn = turn.lock().await;
        if !is_ready(&path).await {
            return Err(Error::NoRepository { path });
        }
        keep(run, &path).await
    }
}

/// As [`Worktrees::keep`], of a worktree that is there and that nobody else is asked about.
pub(crate) async fn keep(run: &RunId, path: &Path) -> Result<String, Error> {
    let told = git::run(path, &["rev-parse", "--absolute-git-dir", "HEAD"]).await?;
    let (folder, head) = told.split_once('\n').unwrap_or((&told, ""));
    let tree = tree_of(path, Path::new(folder)).await?;
    let name = name_of(run, path);
    let before = before(path, &name).await;
    let mut arguments = vec!["commit-tree", &tree, "-p", head];
    if let Some(before) = &before {
        if before.tree == tree && before.head == head {
            return Ok(before.commit.clone());
        }
        arguments.extend(["-p", &before.commit]);
    }
    arguments.extend(["-m", "Files of a worktree"]);
    let commit = git::run(path, &arguments).await?;
    git::run(path, &["update-ref", &name, &commit]).await?;
    Ok(commit)
}

/// Writes the tree of all files, by an index that begins as that of the worktree: what has not changed is not read.
async fn tree_of(path: &Path, folder: &Path) -> Result<String, Error> {
    let index = folder.join(INDEX);
    let copied = tokio::fs::copy(folder.join("index"), &index).await;
    if let Err(error) = copied
        && error.kind() != std::io::ErrorKind::NotFound
    {
        let message = format!("`{}` cannot be written: {error}", index.display());
        let what = "write-tree".to_owned();
        return Err(Error::Failed { what, message });
    }
    let beside = Git::in_folder(path).with_index(&index);
    let tree = async {
        beside.run(&["add", "--all", "--", "."]).await?;
        beside.run(&["write-tree"]).await
    };
    let tree = tree.await;
    // It is in nobody's way when it stays.
    let _ = tokio::fs::remove_file(&index).await;
    tree
}

/// What was kept under `name`, if anything.
async fn before(path: &Path, name: &str) -> Option<Before> {
    let parts = [String::new(), "^{tree}".into(), "^1".into()].map(|part| format!("{name}{part}"));
    let parts = parts.each_ref().map(String::as_str);
    let told = git::run(path, &[&["rev-parse"], &parts[..]].concat())
        .await
        .ok()?;
    let mut lines = told.lines().map(str::to_owned);
    Some(Before {
        commit: lines.next()?,
        tree: lines.next()?,
        head: lines.next()?,
    })
}

/// The name that keeps the commits of a worktree of a run; ids and paths may hold what names of git may not.
fn name_of(run: &RunId, path: &Path) -> String {
    let short = |text: &[u8]| hex::encode(&Sha256::digest(text)[..8]);
    let path: PathBuf = path.to_owned();
    let (run, path) = (run.as_str(), path.as_os_str().as_encoded_bytes());
    format!("refs/smithers/{}/{}", short(run.as_bytes()), short(path))
}
