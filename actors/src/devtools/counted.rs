//! What is counted of streams of trees.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use metrics::{counter, gauge, histogram};
use smithers_protocol::error::RpcError;

/// Streams that are open in this process.
static OPEN: AtomicU64 = AtomicU64::new(0);

/// An open stream; it counts as long as it lives.
#[derive(Debug)]
pub(super) struct Open(());

impl Open {
    pub(super) fn begin() -> Self {
        tell(OPEN.fetch_add(1, Ordering::Relaxed) + 1);
        Self(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        tell(OPEN.fetch_sub(1, Ordering::Relaxed).saturating_sub(1));
    }
}

fn tell(open: u64) {
    gauge!("smithers_devtools_active_subscribers").set(open as f64);
}

/// Counts what came of a wish for a stream.
pub(super) fn asked<T>(answer: &Result<T, RpcError>) {
    let result = match answer {
        Ok(_) => "success",
        Err(error) => error.code().as_str(),
    };
    counter!("smithers_devtools_subscribe_total", "result" => result).increment(1);
}

/// Counts an event that took from `begun` to be made.
pub(super) fn told(kind: &'static str, bytes: usize, begun: Instant) {
    counter!("smithers_devtools_event_total", "kind" => kind).increment(1);
    counter!("smithers_devtools_event_bytes_total", "kind" => kind).increment(bytes as u64);
    let took = begun.elapsed().as_secs_f64() * 1_000.0;
    histogram!("smithers_devtools_build_duration_ms", "kind" => kind).record(took);
}

/// Counts a stream that was cut because its reader was too slow.
pub(super) fn cut() {
    counter!("smithers_devtools_backpressure_disconnect_total").increment(1);
}
