//! The commit that a folder is at, read from the files of git without running it. Also compiled into the
//! build script; knows nothing but files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most bytes read of a file that names one commit or one folder.
const MAX_POINTER: u64 = 4 * 1024;
/// Most bytes read of the list of packed references.
const MAX_PACKED: u64 = 16 * 1024 * 1024;

/// The repository that holds a folder.
pub struct Repository {
    /// Where its HEAD is.
    git_dir: PathBuf,
    /// Where its branches are: another folder for a linked work tree.
    common_dir: PathBuf,
}

impl Repository {
    /// Finds the repository of `folder`: the nearest one above.
    pub fn above(folder: &Path) -> Option<Self> {
        let folder = folder.canonicalize().ok()?;
        let git_dir = folder.ancestors().find_map(git_dir_in)?;
        let common_dir = read(&git_dir.join("commondir"), MAX_POINTER)
            .map_or_else(|| git_dir.clone(), |path| git_dir.join(path.trim()));
        Some(Self {
            git_dir,
            common_dir,
        })
    }

    /// Returns the commit that is checked out; `None` before the first one.
    pub fn commit(&self) -> Option<String> {
        let head = read(&self.git_dir.join("HEAD"), MAX_POINTER)?;
        match head.trim().strip_prefix("ref: ") {
            None => commit_id(&head),
            Some(name) => self.branch(name.trim()),
        }
    }

    /// Returns the files whose change may mean another commit.
    pub fn watched(&self) -> Vec<PathBuf> {
        let head = self.git_dir.join("HEAD");
        let text = read(&head, MAX_POINTER).unwrap_or_default();
        let branch = text.trim().strip_prefix("ref: ");
        let branch = branch.map(|name| self.common_dir.join(name.trim()));
        [Some(head), branch].into_iter().flatten().collect()
    }

    fn branch(&self, name: &str) -> Option<String> {
        let is_inside = name.split('/').all(|part| !part.is_empty() && part != "..");
        let loose = is_inside.then(|| read(&self.common_dir.join(name), MAX_POINTER))?;
        loose
            .as_deref()
            .and_then(commit_id)
            .or_else(|| self.packed(name))
    }

    fn packed(&self, name: &str) -> Option<String> {
        let packed = read(&self.common_dir.join("packed-refs"), MAX_PACKED)?;
        let line = packed.lines().find(|line| {
            let (_, found) = line.split_once(' ').unwrap_or_default();
            found == name
        })?;
        commit_id(line.split(' ').next()?)
    }
}

/// A repository is a folder `.git`, or a file that says where it is.
fn git_dir_in(folder: &Path) -> Option<PathBuf> {
    let found = folder.join(".git");
    if found.is_dir() {
        return Some(found);
    }
    let text = read(&found, MAX_POINTER)?;
    Some(folder.join(text.trim().strip_prefix("gitdir: ")?))
}

/// Takes a text that is a commit of either hash and nothing else.
fn commit_id(text: &str) -> Option<String> {
    let id = text.trim();
    let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (matches!(id.len(), 40 | 64) && is_hex).then(|| id.to_ascii_lowercase())
}

fn read(path: &Path, max: u64) -> Option<String> {
    let mut text = String::new();
    let file = File::open(path).ok()?;
    file.take(max).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn commit_of(folder: &Path) -> Option<String> {
        Repository::above(folder)?.commit()
    }

    #[test]
    fn the_commit_is_found_from_a_folder_deep_inside() {
        let files = [
            (".git/HEAD", "ref: refs/heads/main\n"),
            (
                ".git/refs/heads/main",
                "1111111111111111111111111111111111111111\n",
            ),
            ("deep/inside/gateway.tsx", ""),
        ];
        let repository = folder(&files);
        let commit = commit_of(&repository.path().join("deep/inside"));
        assert_eq!(commit.as_deref(), Some(ONE));
    }

    #[test]
    fn packed_branches_detached_heads_and_linked_work_trees_are_read() {
        let packed =
            format!("# pack-refs with: peeled\n{TWO} refs/heads/other\n{ONE} refs/heads/main\n");
        let files = [
            (".git/HEAD", "ref: refs/heads/main\n"),
            (".git/packed-refs", packed.as_str()),
        ];
        assert_eq!(commit_of(folder(&files).path()).as_deref(), Some(ONE));
        let files = [(".git/HEAD", TWO)];
        assert_eq!(commit_of(folder(&files).path()).as_deref(), Some(TWO));
        let files = [
            ("tree/.git", "gitdir: ../main/.git/worktrees/tree\n"),
            ("main/.git/worktrees/tree/HEAD", "ref: refs/heads/side\n"),
            ("main/.git/worktrees/tree/commondir", "../..\n"),
            ("main/.git/refs/heads/side", ONE),
        ];
        let both = folder(&files);
        let repository = Repository::above(&both.path().join("tree")).unwrap();
        assert_eq!(repository.commit().as_deref(), Some(ONE));
        assert!(repository.watched().iter().all(|path| path.exists()));
    }

    #[test]
    fn what_is_no_commit_is_no_commit() {
        for head in [
            "",
            "ref: refs/heads/none",
            "ref: ../../etc/passwd",
            "not a commit",
        ] {
            assert_eq!(
                commit_of(folder(&[(".git/HEAD", head)]).path()),
                None,
                "{head}"
            );
        }
    }
}
