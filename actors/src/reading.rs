//! Reads of the store leave the arbiter here, so that a slow one holds nobody up.

use actix_rt::task::JoinHandle;

/// Runs `read` on the blocking threads of the runtime; under a simulation on the spot, so that its answer comes at
/// the same moment each time.
pub(crate) fn off_arbiter<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    #[cfg(feature = "simulated")]
    if crate::simulated::is_on() {
        let answer = read();
        return actix_rt::spawn(async move { answer });
    }
    actix_rt::task::spawn_blocking(read)
}
