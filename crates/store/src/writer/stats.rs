//! Counters of the writer, for metrics: plain atomics, read as one snapshot.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A snapshot of the counters; all count from the start of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Steps that wait now.
    pub queue_depth: u64,
    /// Transactions that were committed.
    pub batches: u64,
    /// Steps that were committed.
    pub steps: u64,
    /// Steps that were refused.
    pub refused: u64,
    /// Steps whose outcome was unknown.
    pub unknown: u64,
    /// Steps in the newest transaction.
    pub last_batch: u64,
    /// Most steps in one transaction.
    pub largest_batch: u64,
    /// How long the newest transaction took, microseconds.
    pub last_commit_us: u64,
    /// How long all transactions took, microseconds.
    pub total_commit_us: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    queue_depth: AtomicU64,
    batches: AtomicU64,
    steps: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
    last_batch: AtomicU64,
    largest_batch: AtomicU64,
    last_commit_us: AtomicU64,
    total_commit_us: AtomicU64,
}

impl Counters {
    pub(super) fn queued(&self) {
        self.queue_depth.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn taken(&self) {
        self.queue_depth.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, steps: u64, refused: u64, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.steps.fetch_add(steps, Ordering::Relaxed);
        self.refused.fetch_add(refused, Ordering::Relaxed);
        self.last_batch.store(steps + refused, Ordering::Relaxed);
        self.largest_batch
            .fetch_max(steps + refused, Ordering::Relaxed);
        self.last_commit_us.store(took, Ordering::Relaxed);
        self.total_commit_us.fetch_add(took, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, steps: u64) {
        self.refused.fetch_add(steps, Ordering::Relaxed);
    }

    pub(super) fn unknown(&self, steps: u64) {
        self.unknown.fetch_add(steps, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> WriterStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WriterStats {
            queue_depth: read(&self.queue_depth),
            batches: read(&self.batches),
            steps: read(&self.steps),
            refused: read(&self.refused),
            unknown: read(&self.unknown),
            last_batch: read(&self.last_batch),
            largest_batch: read(&self.largest_batch),
            last_commit_us: read(&self.last_commit_us),
            total_commit_us: read(&self.total_commit_us),
        }
    }
}
