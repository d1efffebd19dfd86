//! Ctrl-C while a run is followed: whatever waits is woken, and the command ends by itself with a clear last word.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

/// Notices Ctrl-C and SIGTERM once it [`listen`](Self::listen)s.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_pressed: bool,
    /// What somebody reads from while waiting.
    connection: Option<TcpStream>,
}

impl Interrupt {
    /// Takes the signals over for the rest of the process.
    pub(super) fn listen() -> io::Result<Self> {
        let interrupt = Self::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let (mut stop, mut end) = runtime.block_on(async {
            Ok::<_, io::Error>((
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            ))
        })?;
        let pressed = interrupt.clone();
        thread::Builder::new()
            .name("interrupt".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stop.recv() => {}
                        _ = end.recv() => {}
                    }
                });
                pressed.press();
            })?;
        Ok(interrupt)
    }

    /// Whether it is time to end.
    pub(super) fn is_pressed(&self) -> bool {
        self.state().is_pressed
    }

    /// Closes `connection` when it is time to end, which ends a read from it.
    pub(super) fn watch(&self, connection: TcpStream) {
        let mut state = self.state();
        if state.is_pressed {
            close(&connection);
        }
        state.connection = Some(connection);
    }

    /// Waits for `pause`, or until it is time to end.
    pub(super) fn sleep(&self, pause: Duration) {
        let state = self.state();
        // A poisoned lock holds a flag and a connection, both always whole.
        let _woken = self
            .shared
            .changed
            .wait_timeout_while(state, pause, |state| !state.is_pressed);
    }

    fn press(&self) {
        let mut state = self.state();
        state.is_pressed = true;
        if let Some(connection) = &state.connection {
            close(connection);
        }
        self.shared.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reader sees the end; one that is gone already needs no telling.
fn close(connection: &TcpStream) {
    let _ = connection.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    /// Far longer than waking takes.
    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn whoever_sleeps_or_reads_is_woken() {
        let interrupt = Interrupt::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _peer = listener.accept().unwrap();
        interrupt.watch(connection.try_clone().unwrap());
        let sleeper = thread::spawn({
            let interrupt = interrupt.clone();
            move || interrupt.sleep(LONG)
        });
        let reader = thread::spawn(move || connection.read(&mut [0; 1]).unwrap());
        interrupt.press();
        sleeper.join().unwrap();
        assert_eq!(reader.join().unwrap(), 0);
        assert!(interrupt.is_pressed());
    }

    #[test]
    fn a_connection_that_comes_too_late_is_closed_at_once() {
        let interrupt = Interrupt::default();
        interrupt.press();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _peer = listener.accept().unwrap();
        interrupt.watch(connection.try_clone().unwrap());
        assert_eq!(connection.read(&mut [0; 1]).unwrap(), 0);
        let begin = Instant::now();
        interrupt.sleep(LONG);
        assert!(begin.elapsed() < LONG);
    }
}
