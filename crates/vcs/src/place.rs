//! Where worktrees may be: below the folders that the operator has named, also after links are followed.

use std::path::{Component, Path, PathBuf};

use crate::error::Error;

/// Folders below which worktrees and their repositories may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roots(Vec<PathBuf>);

impl Roots {
    /// Folders that do not exist allow nothing.
    pub(crate) fn new(folders: &[PathBuf]) -> Self {
        let real = folders
            .iter()
            .filter_map(|folder| folder.canonicalize().ok());
        Self(real.collect())
    }

    /// Returns where `path` really is. What does not exist yet is judged by the folder that will hold it.
    ///
    /// # Errors
    /// It is relative, goes back over `..`, or is not below one of the folders.
    pub(crate) fn check(&self, path: &Path) -> Result<PathBuf, Error> {
        self.judge(path, false)
    }

    /// As [`check`](Self::check), of a repository, which may be one of the folders itself.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn check_repository(&self, path: &Path) -> Result<PathBuf, Error> {
        self.judge(path, true)
    }

    fn judge(&self, path: &Path, may_be_root: bool) -> Result<PathBuf, Error> {
        let refused = || Error::NotAllowed {
            path: path.to_owned(),
        };
        let is_plain =
            path.is_absolute() && !path.components().any(|part| part == Component::ParentDir);
        let real = real_place(path).filter(|_| is_plain).ok_or_else(refused)?;
        let is_below = |root: &PathBuf| real.starts_with(root) && (may_be_root || real != *root);
        match self.0.iter().any(is_below) {
            true => Ok(real),
            false => Err(refused()),
        }
    }
}

/// The path with the links of its longest existing part followed.
fn real_place(path: &Path) -> Option<PathBuf> {
    let existing = path
        .ancestors()
        .find(|part| part.symlink_metadata().is_ok())?;
    let rest = path.strip_prefix(existing).ok()?;
    let real = existing.canonicalize().ok()?;
    Some(match rest.as_os_str().is_empty() {
        true => real,
        false => real.join(rest),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_what_is_really_below_a_root_is_allowed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let base = scratch.path().canonicalize().expect("it exists");
        let (allowed, other) = (base.join("allowed"), base.join("other"));
        for folder in [&allowed, &other] {
            fs::create_dir(folder).expect("a folder");
        }
        symlink(&other, allowed.join("link")).expect("a link");
        let roots = Roots::new(std::slice::from_ref(&allowed));
        assert!(roots.check(&allowed.join("a/b")).is_ok());
        for refused in [
            allowed.clone(),
            other.join("a"),
            allowed.join("../other/a"),
            allowed.join("link/a"),
            PathBuf::from("a"),
        ] {
            assert!(roots.check(&refused).is_err(), "{}", refused.display());
        }
        assert!(roots.check_repository(&allowed).is_ok());
        assert!(Roots::default().check(&allowed.join("a")).is_err());
    }
}
