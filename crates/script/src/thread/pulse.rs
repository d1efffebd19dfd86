//! What a script thread is doing, readable from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Start, limit and ticket of the work at hand.
#[derive(Debug)]
pub(crate) struct Pulse {
    epoch: Instant,
    /// Milliseconds since `epoch`, plus one; 0 while idle.
    since: AtomicU64,
    /// Allowed milliseconds.
    limit: AtomicU64,
    /// Ticket of the request or call; 0 for none.
    ticket: AtomicU64,
}

/// Ends the work when dropped.
pub(crate) struct Beat<'a>(&'a Pulse);

impl Pulse {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            epoch: Instant::now(),
            since: AtomicU64::new(0),
            limit: AtomicU64::new(0),
            ticket: AtomicU64::new(0),
        })
    }

    /// Marks the start of work that may take `limit`. Without a ticket the one before stays.
    pub(crate) fn begin(&self, ticket: Option<u64>, limit: Duration) -> Beat<'_> {
        if let Some(ticket) = ticket {
            self.ticket.store(ticket, Ordering::Relaxed);
        }
        self.limit
            .store(limit.as_millis() as u64, Ordering::Relaxed);
        self.since.store(
            self.epoch.elapsed().as_millis() as u64 + 1,
            Ordering::Release,
        );
        Beat(self)
    }

    /// Names the request that is being handled.
    pub(crate) fn handling(&self, ticket: u64) {
        self.ticket.store(ticket, Ordering::Relaxed);
    }

    /// Ticket of the newest work.
    pub(crate) fn ticket(&self) -> u64 {
        self.ticket.load(Ordering::Relaxed)
    }

    /// Whether the work at hand is past its limit by more than `grace`.
    pub(crate) fn is_stuck(&self, grace: Duration) -> bool {
        let since = self.since.load(Ordering::Acquire);
        let allowed = self.limit.load(Ordering::Relaxed) + grace.as_millis() as u64;
        since != 0 && (self.epoch.elapsed().as_millis() as u64 + 1).saturating_sub(since) > allowed
    }
}

impl Drop for Beat<'_> {
    fn drop(&mut self) {
        self.0.since.store(0, Ordering::Release);
    }
}
