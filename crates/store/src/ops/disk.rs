//! What the disk offers: free space, and whether its file system can be trusted with a database.

use std::path::Path;

use super::error::{Error, files};

/// Kinds of file systems, cut by what they mean for a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// On a disk of this machine, or of a kind that nobody has anything against.
    Local,
    /// Shared over a network: locks and the shared memory of the log may not work between machines.
    Network(&'static str),
    /// The writable layer of a container: it goes away with the container.
    Overlay,
    /// In memory: it goes away with the machine.
    Memory,
}

impl FileSystem {
    /// Returns why a database should not live here, `None` when it may.
    pub fn objection(self) -> Option<String> {
        Some(match self {
            Self::Local => return None,
            Self::Network(name) => {
                format!("it is on a network file system ({name}), which may corrupt it")
            }
            Self::Overlay => {
                "it is in the writable layer of a container, which is lost with it".to_owned()
            }
            Self::Memory => "it is in memory, which is lost when the machine stops".to_owned(),
        })
    }
}

/// Magic numbers of Linux (`statfs(2)`).
#[cfg(target_os = "linux")]
fn kind_of(magic: u32) -> FileSystem {
    match magic {
        0x6969 => FileSystem::Network("nfs"),
        0xff53_4d42 | 0x517b => FileSystem::Network("smb"),
        0xfe53_4d42 => FileSystem::Network("smb2"),
        0x5346_414f | 0x6b41_4653 => FileSystem::Network("afs"),
        0x00c3_6400 => FileSystem::Network("ceph"),
        0x0102_1997 => FileSystem::Network("9p"),
        0x794c_7630 => FileSystem::Overlay,
        0x0102_1994 | 0x8584_58f6 => FileSystem::Memory,
        _ => FileSystem::Local,
    }
}

/// Returns on what kind of file system `path` is; it must exist.
///
/// # Errors
/// The operating system does not tell.
#[cfg(target_os = "linux")]
pub fn file_system(path: &Path) -> Result<FileSystem, Error> {
    let found = rustix::fs::statfs(path).map_err(std::io::Error::from);
    let magic = files(found, "look at the file system of", path)?.f_type;
    // The numbers are 32 bits wide, whatever the width and sign of the field.
    Ok(kind_of((magic as u64 & 0xffff_ffff) as u32))
}

/// Returns on what kind of file system `path` is; only Linux tells.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub fn file_system(_path: &Path) -> Result<FileSystem, Error> {
    Ok(FileSystem::Local)
}

/// Space that is left free beside what is written, bytes: a running gateway needs room for its log.
const RESERVE: u64 = 32 * 1024 * 1024;

/// Fails unless `needed` bytes fit into `folder`, with something to spare, before `file` is written there.
pub(super) fn require_space(folder: &Path, file: &Path, needed: u64) -> Result<(), Error> {
    let stat = rustix::fs::statvfs(folder).map_err(std::io::Error::from);
    let stat = files(stat, "look at the free space of", folder)?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let needed = needed.saturating_add(RESERVE);
    if needed <= free {
        return Ok(());
    }
    Err(Error::Space {
        path: file.to_owned(),
        needed,
        free,
    })
}

/// Returns how much of the disk of `path` is free for the gateway, percent; it must exist.
///
/// # Errors
/// The operating system does not tell.
pub fn free_percent(path: &Path) -> Result<u8, Error> {
    let stat = rustix::fs::statvfs(path).map_err(std::io::Error::from);
    let stat = files(stat, "look at the free space of", path)?;
    let percent = stat.f_bavail.saturating_mul(100) / stat.f_blocks.max(1);
    Ok(u8::try_from(percent).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_cannot_fit_is_refused_with_both_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy.db");
        require_space(folder.path(), &file, 1).unwrap();
        let refused = require_space(folder.path(), &file, u64::MAX).unwrap_err();
        assert!(
            matches!(
                refused,
                Error::Space {
                    needed: u64::MAX,
                    ..
                }
            ),
            "{refused}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_systems_that_lose_or_share_a_database_are_told_apart() {
        assert_eq!(kind_of(0x0102_1994), FileSystem::Memory);
        assert_eq!(kind_of(0x794c_7630), FileSystem::Overlay);
        assert_eq!(kind_of(0x6969), FileSystem::Network("nfs"));
        assert_eq!(kind_of(0xff53_4d42), FileSystem::Network("smb"));
        let ext4 = kind_of(0xef53);
        assert_eq!((ext4, ext4.objection()), (FileSystem::Local, None));
        let memory = Path::new("/dev/shm");
        if memory.exists() {
            assert_eq!(file_system(memory).unwrap(), FileSystem::Memory);
        }
    }
}
