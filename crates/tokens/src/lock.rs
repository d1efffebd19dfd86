//! One changer at a time: an advisory lock of the operating system, which ends with its process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Error, unreadable};
use crate::load::Stamp;
use crate::place::Place;

/// How long a command waits while nobody gets anywhere.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a command waits at most, in a queue that moves.
const LONGEST: Duration = Duration::from_secs(60);
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
        let mut queue = Queue::join(place);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) if queue.is_worth_it(place) => sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(Error::Busy(place.store().to_owned())),
                Err(TryLockError::Error(error)) => return Err(unreadable(&path, error)),
            }
        }
    }
}

/// The wait among others. On a slow disk many commands take long together although each is quick.
struct Queue {
    joined: Instant,
    moved: Instant,
    seen: [Option<Stamp>; 2],
}

impl Queue {
    fn join(place: &Place) -> Queue {
        let now = Instant::now();
        Queue {
            joined: now,
            moved: now,
            seen: Queue::look(place),
        }
    }

    /// Looks at what every holder of the lock leaves behind: a new store, or a longer trail.
    fn look(place: &Place) -> [Option<Stamp>; 2] {
        [place.store(), &place.audit()].map(|path| Stamp::of(path).ok().flatten())
    }

    /// Tells whether the turn may still come: somebody got somewhere lately.
    fn is_worth_it(&mut self, place: &Place) -> bool {
        let seen = Queue::look(place);
        if seen != self.seen {
            self.seen = seen;
            self.moved = Instant::now();
        }
        self.moved.elapsed() < PATIENCE && self.joined.elapsed() < LONGEST
    }
}
