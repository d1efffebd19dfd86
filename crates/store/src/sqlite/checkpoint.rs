//! Folds the log into the main file on a thread of its own, so that no commit waits for it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;

/// Pages in the log from which it is folded: 4 MiB, as SQLite itself would.
const PASSIVE_PAGES: u64 = 1000;
/// Pages from which the log file is also cut: 64 MiB.
const TRUNCATE_PAGES: u64 = 16_384;
/// Folds what is there even when little is written.
const PERIOD: Duration = Duration::from_secs(60);
/// How long cutting waits for readers; the writer waits meanwhile.
const TRUNCATE_PATIENCE: Duration = Duration::from_millis(50);

thread_local! {
    /// Pages in the log after the newest commit of this thread; SQLite's hook takes no closure.
    static LOGGED_PAGES: Cell<u64> = const { Cell::new(0) };
}

/// Lets SQLite report the size of the log after each commit on `conn`.
pub(super) fn watch(conn: &Connection) {
    conn.wal_hook(Some(|_, pages| {
        LOGGED_PAGES.set(u64::try_from(pages).unwrap_or(0));
        Ok(())
    }));
}

/// Size of the log, and the bell of the checkpoint thread.
#[derive(Default)]
pub(super) struct WalGauge {
    pages: AtomicU64,
    rung: AtomicBool,
    bell: Mutex<Option<SyncSender<()>>>,
}

impl WalGauge {
    pub(super) fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    /// Called after each commit, on the thread that committed.
    pub(super) fn committed(&self) {
        let pages = LOGGED_PAGES.get();
        self.pages.store(pages, Ordering::Relaxed);
        if pages >= PASSIVE_PAGES
            && !self.rung.swap(true, Ordering::AcqRel)
            && let Some(bell) = &*self.bell.lock()
        {
            // A full bell rings already.
            let _ = bell.try_send(());
        }
    }
}

/// The thread; it ends when this is dropped.
pub(super) struct Checkpointer {
    gauge: Arc<WalGauge>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread with a connection of its own.
    pub(super) fn spawn(conn: Connection, gauge: Arc<WalGauge>) -> std::io::Result<Self> {
        let (bell, rings) = sync_channel(1);
        *gauge.bell.lock() = Some(bell);
        let watched = gauge.clone();
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&conn, &watched, &rings))?;
        Ok(Self {
            gauge,
            thread: Some(thread),
        })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        *self.gauge.bell.lock() = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported where it happened.
            let _ = thread.join();
        }
    }
}

fn run(conn: &Connection, gauge: &WalGauge, rings: &Receiver<()>) {
    loop {
        match rings.recv_timeout(PERIOD) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        gauge.rung.store(false, Ordering::Release);
        if let Err(error) = fold(conn, gauge.pages()) {
            tracing::warn!(%error, "the log could not be folded into the database; it keeps growing");
        }
    }
}

fn fold(conn: &Connection, pages: u64) -> rusqlite::Result<()> {
    if pages < TRUNCATE_PAGES {
        return checkpoint(conn, "PASSIVE");
    }
    conn.busy_timeout(TRUNCATE_PATIENCE)?;
    checkpoint(conn, "TRUNCATE")
}

/// Runs one checkpoint. Being in the way of a reader is not an error: the next one gets further.
pub(super) fn checkpoint(conn: &Connection, mode: &str) -> rusqlite::Result<()> {
    conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
}
