//! Git repositories that modules are served from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use smithers_testkit::Scratch;

/// Makes a repository with one commit, which has `text` in `a.txt`, and has `module` served from it. The gateway may run
/// git below the scratch folder. Returns where the repository is.
pub(crate) fn project(scratch: &mut Scratch, module: &str, text: &str) -> PathBuf {
    let project = scratch.path("project");
    fs::create_dir(&project).unwrap();
    fs::write(project.join("a.txt"), text).unwrap();
    git(&project, &["init", "--quiet", "--initial-branch=main"]);
    git(&project, &["add", "--all"]);
    git(&project, &["commit", "--quiet", "--message", "first"]);
    let entry = project.join("flow.tsx");
    fs::write(&entry, module).unwrap();
    scratch.set("SMITHERS_GATEWAY_MODULE", shown(&entry));
    scratch.set("SMITHERS_WORKTREE_ROOTS", shown(&scratch.path("")));
    project.canonicalize().unwrap()
}

/// A path as text.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Runs git as somebody with a name, and returns what it wrote.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let person = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"];
    let mut git = Command::new("git");
    let done = git.current_dir(folder).args(person).args(arguments);
    let done = done.output().unwrap();
    assert!(done.status.success(), "git {arguments:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}
