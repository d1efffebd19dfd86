//! The wall clock of a simulation: goes with the paused time of its runtime, and jumps when told.

use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;
use smithers_model::Timestamp;
use smithers_model::time::Clock;
use tokio::time::Instant;

/// When every history begins.
const BEGINNING: i64 = 1_800_000_000_000;

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct SimClock {
    /// What it showed last.
    shown: AtomicI64,
    /// What it showed at a moment of the runtime.
    set: Mutex<Option<(Instant, i64)>>,
}

impl SimClock {
    pub(crate) fn new() -> Self {
        Self {
            shown: AtomicI64::new(BEGINNING),
            set: Mutex::new(None),
        }
    }

    /// A life begins on the runtime of this thread; the clock goes on from what it showed.
    pub(crate) fn begin_life(&self) {
        self.jump(0, false);
    }

    /// Sets the clock by `ms`.
    pub(crate) fn set_by(&self, ms: i64) {
        self.jump(ms, true);
    }

    fn jump(&self, ms: i64, from_now: bool) {
        let shown = match from_now {
            true => self.now().0,
            false => self.shown.load(Ordering::SeqCst),
        };
        *self.set.lock() = Some((Instant::now(), shown + ms));
    }
}

impl Clock for SimClock {
    /// Only the thread of the actors has a runtime; the writer's sees what they saw last.
    fn now(&self) -> Timestamp {
        if tokio::runtime::Handle::try_current().is_ok()
            && let Some((at, shown)) = *self.set.lock()
        {
            let passed = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
            self.shown.store(shown + passed, Ordering::SeqCst);
        }
        Timestamp(self.shown.load(Ordering::SeqCst))
    }
}
