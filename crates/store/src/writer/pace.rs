//! Who decides when the writer goes on: time and its queue, or a simulation that takes turns with it.

use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::Duration;

use super::job::Job;
use super::thread::Worker;

/// Decides when the writer goes on.
pub trait Pace: Send {
    /// Called when the writer would wait for its queue. Blocks until it may go on.
    fn next(&mut self) -> Turn;
}

/// What the writer finds when it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// What is in its queue; if nothing is, as [`Elapse`](Self::Elapse).
    Look,
    /// That it has waited as long as it wanted to.
    Elapse,
    /// That nobody needs it any more.
    Quit,
}

impl Worker {
    /// Waits for something to do, at most for `longest`.
    pub(super) fn wait(&mut self, longest: Duration) -> Result<Job, RecvTimeoutError> {
        let Some(pace) = &mut self.pace else {
            return self.queue.recv_timeout(longest);
        };
        match pace.next() {
            Turn::Look => self.queue.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            }),
            Turn::Elapse => Err(RecvTimeoutError::Timeout),
            Turn::Quit => Err(RecvTimeoutError::Disconnected),
        }
    }
}
