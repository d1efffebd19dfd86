//! The file and its folder, with modes that keep other users out.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::OpenError;

/// Makes folder (0700) and file (0600) where they do not exist; what exists keeps its mode.
/// SQLite gives the log beside the file the same mode.
pub(super) fn prepare(path: &Path) -> Result<(), OpenError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| files(folder, source))?;
    }
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(files(path, error)),
        _ => Ok(()),
    }
}

pub(super) fn files(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Files {
        path: path.to_owned(),
        source,
    }
}
