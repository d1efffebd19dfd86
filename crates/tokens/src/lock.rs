//! One changer at a time: an advisory lock of the operating system, which ends with its process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Error, unreadable};
use crate::place::Place;

/// How long a command waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(5);

/// The held lock. Its file stays behind: deleting it would let two processes lock two files.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "closing the file releases the lock")] File);

impl Lock {
    /// Waits for the turn to change the store.
    pub(crate) fn acquire(place: &Place) -> Result<Lock, Error> {
        place.prepare()?;
        let path = place.lock();
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = opened.map_err(|error| unreadable(&path, error))?;
        place
            .hand_over(&file)
            .map_err(|error| unreadable(&path, error))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(Error::Busy(place.store().to_owned())),
                Err(TryLockError::Error(error)) => return Err(unreadable(&path, error)),
            }
        }
    }
}
