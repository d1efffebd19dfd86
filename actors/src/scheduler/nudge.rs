//! The bell of the scheduler: the earliest due time that somebody has announced.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use smithers_model::Timestamp;
use tokio::sync::Notify;

/// No due time was announced.
const NONE: i64 = i64::MAX;

/// Announces due times; cheap to clone, never blocks and holds one number whatever the load.
#[derive(Clone, Debug)]
pub struct Nudge(Arc<Bell>);

#[derive(Debug)]
struct Bell {
    earliest: AtomicI64,
    rung: Notify,
}

impl Default for Nudge {
    fn default() -> Self {
        Self(Arc::new(Bell {
            earliest: AtomicI64::new(NONE),
            rung: Notify::new(),
        }))
    }
}

impl Nudge {
    /// Says that something is due at `due`. Wakes the scheduler only when that is earlier than what it knows.
    pub fn nudge(&self, due: Timestamp) {
        if self.0.earliest.fetch_min(due.0, Ordering::AcqRel) > due.0 {
            self.0.rung.notify_one();
        }
    }

    /// Takes the earliest announced time.
    pub(crate) fn take(&self) -> Option<Timestamp> {
        let earliest = self.0.earliest.swap(NONE, Ordering::AcqRel);
        (earliest != NONE).then_some(Timestamp(earliest))
    }

    /// Sleeps for `wait` or until the bell rings.
    pub(crate) async fn sleep(&self, wait: Duration) {
        // A time-out and a ring are the same to the caller: it looks again.
        drop(actix_rt::time::timeout(wait, self.0.rung.notified()).await);
    }
}
