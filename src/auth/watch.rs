//! Watches the file of grants, so that a revocation acts within a second.
//!
//! The file is looked at and not subscribed to: mounted secrets are swapped by links, which notifications miss.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::store::GrantStore;

/// Time between two looks.
pub(super) const PERIOD: Duration = Duration::from_millis(250);

/// A thread that looks at the file; dropping this ends it.
#[derive(Debug)]
pub struct GrantWatch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl GrantWatch {
    /// Starts to watch.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(store: Arc<GrantStore>) -> io::Result<GrantWatch> {
        let (stop, stopped) = channel();
        let look = move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                store.refresh();
            }
        };
        let thread = Builder::new().name("grants".into()).spawn(look)?;
        Ok(GrantWatch {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for GrantWatch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the watcher has been reported by its thread.
            let _ = thread.join();
        }
    }
}
