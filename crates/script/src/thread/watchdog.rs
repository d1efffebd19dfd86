//! Looks after the script threads: one that is stuck in native code cannot be interrupted, only replaced.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::handle::Thread;

/// How often the threads are looked at.
const PERIOD: Duration = Duration::from_millis(200);

/// The watching thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    stop: Option<Sender<()>>,
    join: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts to watch `threads`.
    pub(crate) fn start(threads: Vec<Arc<Thread>>) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let watch = move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                threads.iter().for_each(|thread| thread.revive());
            }
        };
        let join = std::thread::Builder::new()
            .name("script-watchdog".into())
            .spawn(watch)?;
        Ok(Self {
            stop: Some(stop),
            join: Some(join),
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(join) = self.join.take() {
            let _ = join.join();
        }
    }
}
