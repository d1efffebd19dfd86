//! The backups of a folder.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::backup::{PARTIAL, PREFIX};
use super::error::{Error, files};
use super::files::rename;
use super::manifest::Manifest;

/// A folder that looks like a backup.
#[derive(Debug)]
pub struct ListedBackup {
    /// The folder.
    pub folder: PathBuf,
    /// What it says of itself, or why that cannot be read. Its files were not looked at.
    pub manifest: Result<Manifest, Error>,
}

/// Lists the backups of a folder, the newest first. A folder that is not there has none.
///
/// # Errors
/// The folder cannot be read.
pub fn list(out: &Path) -> Result<Vec<ListedBackup>, Error> {
    let mut folders = names(out, PREFIX)?;
    // The names are times.
    folders.sort_unstable_by(|a, b| b.cmp(a));
    let listed = folders.into_iter().map(|folder| ListedBackup {
        manifest: Manifest::read(&folder),
        folder,
    });
    Ok(listed.collect())
}

/// Removes the oldest backups of a database until `keep` are left; those that cannot be read stay.
pub(super) fn prune(
    out: &Path,
    database_id: &str,
    keep: NonZeroUsize,
) -> Result<Vec<PathBuf>, Error> {
    let is_ours = |backup: &ListedBackup| {
        let manifest = backup.manifest.as_ref();
        manifest.is_ok_and(|manifest| manifest.contents.database_id == database_id)
    };
    let surplus = list(out)?.into_iter().filter(is_ours).skip(keep.get());
    surplus.map(|backup| remove(out, backup.folder)).collect()
}

/// Takes the name away first, so that no half of a backup ever looks whole.
fn remove(out: &Path, folder: PathBuf) -> Result<PathBuf, Error> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let nameless = out.join(format!("{PARTIAL}{name}"));
    rename(&folder, &nameless)?;
    files(fs::remove_dir_all(&nameless), "remove", &nameless)?;
    Ok(folder)
}

/// Removes what a crash has left. Called by whoever holds the lock of the folder.
pub(super) fn remove_partial(out: &Path) -> Result<(), Error> {
    names(out, PARTIAL)?
        .iter()
        .try_for_each(|left| files(fs::remove_dir_all(left), "remove", left))
}

/// Returns the folders in `out` whose names begin with `prefix`.
fn names(out: &Path, prefix: &str) -> Result<Vec<PathBuf>, Error> {
    if !out.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in files(fs::read_dir(out), "list", out)? {
        let path = files(entry, "list", out)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(prefix) && path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}
