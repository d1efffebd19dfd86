//! The thread that stores what the trail has collected.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use smithers_model::time::Clock;
use smithers_store::WriterHandle;

use super::AccessTrail;

/// Time between two transactions.
const PERIOD: Duration = Duration::from_secs(1);

/// Stores the rows of a trail until it is stopped.
#[derive(Debug)]
pub struct TrailKeeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl TrailKeeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(
        trail: Arc<AccessTrail>,
        writer: WriterHandle,
        clock: Arc<dyn Clock>,
    ) -> io::Result<TrailKeeper> {
        let (stop, stopped) = channel();
        let keep = move || {
            let mut is_failing = false;
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                store(&trail, &writer, &*clock, false, &mut is_failing);
            }
            store(&trail, &writer, &*clock, true, &mut is_failing);
        };
        let thread = Builder::new().name("access-trail".into()).spawn(keep)?;
        Ok(TrailKeeper { stop, thread })
    }

    /// Stores what is left and ends the thread. Blocks; to be called before the writer ends.
    pub fn stop(self) {
        drop(self.stop);
        // A panic of the thread has been reported by itself.
        let _ = self.thread.join();
    }
}

/// Stores what is due. What cannot be stored is kept for the next time.
fn store(
    trail: &AccessTrail,
    writer: &WriterHandle,
    clock: &dyn Clock,
    all: bool,
    is_failing: &mut bool,
) {
    let rows = trail.take(clock.now(), all);
    if rows.is_empty() {
        return;
    }
    match writer.record_audit(rows.clone()) {
        Ok(()) => *is_failing = false,
        Err(error) => {
            trail.put_back(rows);
            if !std::mem::replace(is_failing, true) {
                tracing::warn!(%error, "access cannot be put on record now; it is kept in memory");
            }
        }
    }
}
