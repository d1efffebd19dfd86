//! Reading a file of the store from the disk, with suspicion.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use secrecy::zeroize::Zeroizing;

use crate::text::{Parsed, TextError, parse};

/// Largest file in bytes.
pub(crate) const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Permission bits of anybody but the owner.
const OTHERS: u32 = 0o077;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The operating system does not give it.
    #[error("it cannot be read ({0})")]
    Io(#[from] io::Error),
    /// A folder, pipe or device.
    #[error("it is not a file")]
    NotAFile,
    /// Too large.
    #[error("it is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// Others than its owner may read or write it.
    #[error("its mode {0:03o} lets others read or write it; make it 600")]
    LooseMode(u32),
    /// Its text is refused.
    #[error("{0}")]
    Text(#[from] TextError),
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Looks at a file, or at what a link leads to; `None` when there is nothing.
    ///
    /// # Errors
    /// The operating system does not tell.
    pub fn of(path: &Path) -> io::Result<Option<Stamp>> {
        match std::fs::metadata(path) {
            Ok(metadata) => Ok(Some(Stamp::of_metadata(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of_metadata(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mode: metadata.mode(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Reads a file of grants.
///
/// # Errors
/// It is not there, not an ordinary file, too large, open to others, or its text is refused.
pub fn load(path: &Path, allow_loose_mode: bool) -> Result<Parsed, LoadError> {
    Ok(parse(&read(path, allow_loose_mode)?)?)
}

/// Reads the bytes of a file that may hold bearers.
pub(crate) fn read(path: &Path, allow_loose_mode: bool) -> Result<Zeroizing<Vec<u8>>, LoadError> {
    // Opening a device can act on it, so the kind is looked at before and, in case it was replaced, after.
    check(&std::fs::metadata(path)?, allow_loose_mode)?;
    let file = OpenOptions::new()
        .read(true)
        // Opening a pipe would wait for a writer.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    check(&metadata, allow_loose_mode)?;
    // As large as the file, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(
        usize::try_from(metadata.size()).unwrap_or(0) + 1,
    ));
    file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(LoadError::TooLarge);
    }
    Ok(text)
}

fn check(metadata: &Metadata, allow_loose_mode: bool) -> Result<(), LoadError> {
    if !metadata.is_file() {
        return Err(LoadError::NotAFile);
    }
    if metadata.size() > MAX_BYTES {
        return Err(LoadError::TooLarge);
    }
    let mode = metadata.mode() & 0o777;
    if mode & OTHERS != 0 && !allow_loose_mode {
        return Err(LoadError::LooseMode(mode));
    }
    Ok(())
}
