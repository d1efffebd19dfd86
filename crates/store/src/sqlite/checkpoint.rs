//! Folds the log into the main file on a thread of its own, so that no commit waits for it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
/// Time without another try to cut after a reader was in the way, for example a backup.
const TRUNCATE_PAUSE: Duration = Duration::from_secs(1);

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
    let mut folder = Folder {
        conn,
        cut_from: Instant::now(),
    };
    loop {
        match rings.recv_timeout(PERIOD) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        gauge.rung.store(false, Ordering::Release);
        if let Err(error) = folder.fold(gauge.pages()) {
            tracing::warn!(%error, "the log could not be folded into the database; it keeps growing");
        }
    }
}

struct Folder<'a> {
    conn: &'a Connection,
    /// Not before this is the log cut.
    cut_from: Instant,
}

impl Folder<'_> {
    /// Folds the log, and cuts it when it is large. A long reader makes cutting wait, and the writer with it, so that
    /// after one there is a pause.
    fn fold(&mut self, pages: u64) -> rusqlite::Result<()> {
        if pages < TRUNCATE_PAGES || Instant::now() < self.cut_from {
            return checkpoint(self.conn, "PASSIVE").map(drop);
        }
        self.conn.busy_timeout(TRUNCATE_PATIENCE)?;
        if checkpoint(self.conn, "TRUNCATE")? == Reach::Part {
            self.cut_from = Instant::now() + TRUNCATE_PAUSE;
        }
        Ok(())
    }
}

/// How far a checkpoint came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All that was asked for.
    All,
    /// A reader or a writer was in the way.
    Part,
}

/// Runs one checkpoint. Being in the way of a reader is not an error: the next one gets further.
pub(super) fn checkpoint(conn: &Connection, mode: &str) -> rusqlite::Result<Reach> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let is_blocked = conn.query_row(&sql, [], |row| row.get(0))?;
    Ok(if is_blocked { Reach::Part } else { Reach::All })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::ScratchDb;

    #[test]
    fn a_reader_in_the_way_of_cutting_the_log_gives_the_writer_a_pause() {
        let scratch = ScratchDb::new();
        let writer = Connection::open(scratch.path()).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.execute_batch("CREATE TABLE t (x)").unwrap();
        let reader = Connection::open(scratch.path()).unwrap();
        let snapshot = reader.unchecked_transaction().unwrap();
        let rows = |conn: &Connection| -> i64 {
            conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(rows(&snapshot), 0);
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        let conn = Connection::open(scratch.path()).unwrap();
        let begun = Instant::now();
        let mut folder = Folder {
            conn: &conn,
            cut_from: begun,
        };
        folder.fold(TRUNCATE_PAGES).unwrap();
        assert!(folder.cut_from >= begun + TRUNCATE_PAUSE);
        drop(snapshot);
        folder.cut_from = begun;
        folder.fold(TRUNCATE_PAGES).unwrap();
        assert_eq!(folder.cut_from, begun);
        let log = format!("{}-wal", scratch.path().display());
        assert_eq!(std::fs::metadata(log).unwrap().len(), 0, "it was cut");
    }
}
