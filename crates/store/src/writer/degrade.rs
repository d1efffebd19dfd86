//! After a fault: tell everybody that outcomes are unknown, reopen with growing pauses, prove a write.
//! A defect that one step has met alone and without being stored costs only that step, if a write works then.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::job::{Job, PendingReply, StepOutcome};
use super::thread::{Stop, Worker};
use crate::backend::Transactions;
use crate::commit::Refusal;
use crate::error::CommitError;

/// Pause before the first try to reopen; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause: a disk that has space again is found within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A transaction that failed.
pub(super) struct Failure {
    pub(super) fault: CommitError,
    /// Whoever asked for the only step of it, if it met a defect and surely was not stored.
    pub(super) culprit: Option<PendingReply>,
}

impl From<CommitError> for Failure {
    fn from(fault: CommitError) -> Self {
        Self {
            fault,
            culprit: None,
        }
    }
}

impl Worker {
    /// Returns a write path in place of one that failed, or the request to stop that came meanwhile.
    pub(super) fn overcome(&mut self, failure: Failure) -> Result<Box<dyn Transactions>, Stop> {
        let Failure { fault, culprit } = failure;
        let Some(culprit) = culprit else {
            return self.recover(&fault);
        };
        match self.reopen() {
            // Writing works, so it was the step.
            Ok(transactions) => {
                tracing::error!(error = %fault, "a step meets a defect of the storage code; it is refused");
                self.counters.refused(1);
                culprit.send(StepOutcome::Refused(Refusal::constraint(fault.message)));
                Ok(transactions)
            }
            Err(error) => {
                tracing::warn!(%error, "the storage fails after a defect");
                self.tell_unknown(&fault, vec![culprit]);
                self.recover(&fault)
            }
        }
    }

    /// Tells those who wait for a failed transaction.
    pub(super) fn tell_unknown(&self, fault: &CommitError, replies: Vec<PendingReply>) {
        // The state first: whoever is told must not find the writer ready.
        self.announce_degraded(fault);
        self.counters.unknown(replies.len() as u64);
        drop(replies);
    }

    fn announce_degraded(&self, fault: &CommitError) {
        if !self.state.is_ready() {
            return;
        }
        tracing::error!(error = %fault, kind = ?fault.kind, "the storage failed; it is being reopened");
        let state = self.state.degraded(fault.message.clone(), self.clock.now());
        self.tell(&state);
    }

    /// Returns the reopened write path, or the request to stop that came meanwhile.
    fn recover(&mut self, fault: &CommitError) -> Result<Box<dyn Transactions>, Stop> {
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
                None => self.wait(left),
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
