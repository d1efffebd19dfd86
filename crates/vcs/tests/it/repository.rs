//! A repository with one commit on `main`, and worktrees below its own folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use smithers_model::worktree::WorktreeSpec;
use smithers_vcs::Worktrees;

/// A repository in a folder that goes with it.
pub(crate) struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Self { folder };
        fs::create_dir(repository.path()).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit(&repository.path(), "a.txt", "one");
        repository
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("project")
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path(), arguments)
    }

    /// Writes a file in a checkout and commits it there.
    pub(crate) fn commit(&self, checkout: &Path, file: &str, text: &str) {
        fs::write(checkout.join(file), text).unwrap();
        git(checkout, &["add", "--all"]);
        git(checkout, &["commit", "--quiet", "--message", file]);
    }

    /// Worktrees below the repository.
    pub(crate) fn worktrees(&self) -> Worktrees {
        Worktrees::new(&[self.folder.path().to_owned()], false)
    }

    /// The worktree `trees/NAME`.
    pub(crate) fn spec(&self, name: &str, branch: Option<&str>) -> WorktreeSpec {
        let path = |path: PathBuf| path.display().to_string();
        WorktreeSpec {
            id: name.into(),
            path: path(self.path().join("trees").join(name)),
            root: path(self.path()),
            branch: branch.map(str::to_owned),
            base_branch: "main".into(),
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let person = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"];
    let mut git = Command::new("git");
    git.current_dir(folder).args(person).args(arguments);
    let done = git.output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let wrong = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "git {arguments:?}: {wrong}");
    text.trim().to_owned()
}
