//! The file system as the resolver sees it: manifests and configurations are bounded before they are parsed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxc_resolver::{FileMetadata, FileSystem, FileSystemOs, ResolveError};
use parking_lot::Mutex;

use super::resolve::is_installed;

/// Largest package.json or tsconfig.json, bytes.
const LARGEST: u64 = 1 << 20;

/// The real file system with bounded reads. Clones remember together what was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    looked_at: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Disk {
    /// The paths that decided what imports mean, those that are missing included. Of installed packages only the
    /// manifests, which change when another version is installed.
    pub(crate) fn looked_at(&self) -> Vec<PathBuf> {
        self.looked_at.lock().iter().cloned().collect()
    }

    fn note(&self, path: &Path) {
        if !is_installed(path) || path.file_name() == Some(OsStr::new("package.json")) {
            self.looked_at.lock().insert(path.to_owned());
        }
    }
}

fn refuse_large(path: &Path) -> io::Result<()> {
    let size = std::fs::metadata(path)?.len();
    if size <= LARGEST {
        return Ok(());
    }
    let message = format!(
        "{} has {size} bytes, more than the {LARGEST} allowed",
        path.display()
    );
    Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
}

impl FileSystem for Disk {
    fn new() -> Self {
        Self::default()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.note(path);
        refuse_large(path)?;
        std::fs::read(path)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        self.note(path);
        refuse_large(path)?;
        std::fs::read_to_string(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        self.note(path);
        FileSystemOs::metadata(path)
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        self.note(path);
        FileSystemOs::symlink_metadata(path)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        FileSystemOs::read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }
}
