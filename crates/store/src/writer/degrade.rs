//! After a fault: tell everybody that outcomes are unknown, reopen with growing pauses, prove a write.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::job::Job;
use super::thread::{Stop, Worker};
use crate::backend::Transactions;
use crate::error::CommitError;

/// Pause before the first try to reopen; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause: a disk that has space again is found within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Worker {
    pub(super) fn announce_degraded(&self, fault: &CommitError) {
        if !self.state.is_ready() {
            return;
        }
        tracing::error!(error = %fault, kind = ?fault.kind, "the storage failed; it is being reopened");
        let state = self.state.degraded(fault.message.clone(), self.clock.now());
        self.tell(&state);
    }

    /// Returns the reopened write path, or the request to stop that came meanwhile.
    pub(super) fn recover(&mut self, fault: &CommitError) -> Result<Box<dyn Transactions>, Stop> {
        self.announce_degraded(fault);
        let mut pause = FIRST_PAUSE;
        loop {
            self.refuse_for(pause)?;
            pause = (pause * 2).min(LONGEST_PAUSE);
            match self.reopen() {
                Ok(transactions) => {
                    self.publish_gap();
                    let state = self.state.ready_again();
                    tracing::warn!(
                        generation = self.state.generation(),
                        "the storage works again"
                    );
                    self.tell(&state);
                    return Ok(transactions);
                }
                Err(error) => tracing::warn!(%error, "the storage still fails"),
            }
        }
    }

    fn reopen(&self) -> Result<Box<dyn Transactions>, String> {
        let mut transactions = self
            .backend
            .open_writer()
            .map_err(|error| error.to_string())?;
        match transactions.verify() {
            Ok(()) => Ok(transactions),
            Err(fault) => Err(fault.to_string()),
        }
    }

    /// Waits, while everything that still comes out of the queue is turned away.
    fn refuse_for(&mut self, pause: Duration) -> Result<(), Stop> {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let job = match self.held.take() {
                Some(job) => Ok(job),
                None => self.queue.recv_timeout(left),
            };
            match job {
                Ok(Job::Step(queued)) => {
                    self.counters.taken();
                    self.counters.unknown(1);
                    drop(queued);
                }
                Ok(Job::Task(task)) => drop(task(None)),
                Ok(Job::Stop(stop)) => return Err(Some(stop)),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(None),
            }
        }
    }
}
