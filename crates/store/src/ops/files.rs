//! Files and folders that only their owner may read, and that are on the disk before they are named.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::{Error, files};

/// Makes a folder (0700) with those above it, unless it is there.
pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    files(made, "make the folder", folder)
}

/// Makes an empty file (0600) that was not there before.
pub(super) fn make_file(path: &Path) -> Result<File, Error> {
    let made = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    files(made, "make the file", path)
}

/// Writes a new file (0600) and brings it to the disk.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut file = make_file(path)?;
    files(file.write_all(content), "write", path)?;
    files(file.sync_all(), "sync", path)
}

/// Brings a file or a folder's list of names to the disk.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    files(synced, "sync", path)
}

/// Renames and brings the new name to the disk.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    files(fs::rename(from, to), "rename", from)?;
    sync(folder_of(to))
}

/// Removes a file that may be absent.
pub(super) fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => files(Err(error), "remove", path),
        _ => Ok(()),
    }
}

/// Returns the folder that a path is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the path with `suffix` behind its name, such as `-wal`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Returns the size of a file, 0 when it is absent.
pub(super) fn size_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
