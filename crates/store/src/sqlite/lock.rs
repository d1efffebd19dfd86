//! The lock that makes one process the owner of a database: an advisory lock of the operating system on a
//! file beside it, held until the process ends, however it ends. Who holds it knows older owners dead.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::files::files;
use crate::error::OpenError;

/// How long somebody who only looks whether the lock is held may be in the way of taking it.
const LOOK: Duration = Duration::from_millis(200);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// The held lock. The file stays behind; deleting it would let two processes lock two files.
pub(crate) struct OwnerLock(
    #[expect(dead_code, reason = "closing the file releases the lock")] File,
);

impl OwnerLock {
    /// Takes the lock and leaves the process id for whoever comes second.
    pub(crate) fn acquire(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let mut file = opened.map_err(|source| files(&path, source))?;
        let deadline = Instant::now() + LOOK;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(OpenError::InUse {
                        path: database.to_owned(),
                        pid: holder(&mut file),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(files(&path, source)),
            }
        }
        sign(&mut file).map_err(|source| files(&path, source))?;
        Ok(Self(file))
    }

    /// Returns whether a live process owns the database. Looks for an instant, during which nobody can take the lock.
    pub(crate) fn is_held(database: &Path) -> Result<bool, OpenError> {
        let path = lock_path(database);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(files(&path, source)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(files(&path, source)),
        }
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
