//! The file system as the resolver sees it: manifests and configurations are bounded before they are parsed.

use std::io;
use std::path::{Path, PathBuf};

use oxc_resolver::{FileMetadata, FileSystem, FileSystemOs, ResolveError};

/// Largest package.json or tsconfig.json, bytes.
const LARGEST: u64 = 1 << 20;

/// The real file system with bounded reads.
#[derive(Debug, Default)]
pub(crate) struct Disk;

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
        Self
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        refuse_large(path)?;
        std::fs::read(path)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        refuse_large(path)?;
        std::fs::read_to_string(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        FileSystemOs::metadata(path)
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        FileSystemOs::symlink_metadata(path)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        FileSystemOs::read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }
}
