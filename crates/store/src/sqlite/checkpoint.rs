//! Folds the log into the main file on a thread of its own, so that no commit waits for it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::Connection;

/// Pages that the log grows by before it is folded: 4 MiB, as SQLite itself would.
const PASSIVE_PAGES: u64 = 1000;
/// Pages from which the log file is also cut: 64 MiB.
const TRUNCATE_PAGES: u64 = 16_384;
/// Folds what is there even when little is written.
const PERIOD: Duration = Duration::from_secs(60);
/// How long the end of a fold waits for readers; the writer waits meanwhile.
const PATIENCE: Duration = Duration::from_millis(50);
/// Time without another try after a reader was in the way, for example a backup.
const PAUSE: Duration = Duration::from_secs(1);

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
    /// How long the log was when it was folded last; 0 once it is begun anew.
    folded: AtomicU64,
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
        if self.is_due(pages)
            && !self.rung.swap(true, Ordering::AcqRel)
            && let Some(bell) = &*self.bell.lock()
        {
            // A full bell rings already.
            let _ = bell.try_send(());
        }
    }

    /// A log that is shorter than it was has been begun anew.
    fn is_due(&self, pages: u64) -> bool {
        let folded = self.folded.load(Ordering::Relaxed);
        pages.checked_sub(folded).unwrap_or(pages) >= PASSIVE_PAGES
    }

    /// Says that the log is folded as far as it reaches now; returns how far.
    fn begin_fold(&self) -> u64 {
        let pages = self.pages();
        self.folded.store(pages, Ordering::Relaxed);
        self.rung.store(false, Ordering::Release);
        pages
    }

    /// Says that the next commit writes at the beginning of the log.
    fn begun_anew(&self) {
        self.folded.store(0, Ordering::Relaxed);
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
        not_before: Instant::now(),
    };
    loop {
        match rings.recv_timeout(PERIOD) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        match folder.fold(gauge.begin_fold()) {
            Ok(Reach::All) => gauge.begun_anew(),
            Ok(Reach::Part) => {}
            Err(error) => {
                tracing::warn!(%error, "the log could not be folded into the database; it keeps growing");
            }
        }
    }
}

struct Folder<'a> {
    conn: &'a Connection,
    /// Before this the log is not begun anew.
    not_before: Instant,
}

impl Folder<'_> {
    /// Folds the log and has it begun anew, so that commits write where the file has room already; one that has
    /// grown large is cut. Most is copied while commits go on, the rest in between two of them. A long reader makes
    /// the end of this wait, and the writer with it, so that after one there is a pause.
    fn fold(&mut self, pages: u64) -> rusqlite::Result<Reach> {
        checkpoint(self.conn, "PASSIVE")?;
        if Instant::now() < self.not_before {
            return Ok(Reach::Part);
        }
        let mode = match pages < TRUNCATE_PAGES {
            true => "RESTART",
            false => "TRUNCATE",
        };
        self.conn.busy_timeout(PATIENCE)?;
        let reach = checkpoint(self.conn, mode)?;
        if reach == Reach::Part {
            self.not_before = Instant::now() + PAUSE;
        }
        Ok(reach)
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
    fn a_log_that_stays_long_is_folded_again_only_when_it_has_grown() {
        let gauge = WalGauge::default();
        assert!(!gauge.is_due(PASSIVE_PAGES - 1));
        assert!(gauge.is_due(PASSIVE_PAGES));
        gauge.pages.store(PASSIVE_PAGES + 1, Ordering::Relaxed);
        assert_eq!(gauge.begin_fold(), PASSIVE_PAGES + 1);
        assert!(!gauge.is_due(2 * PASSIVE_PAGES));
        assert!(gauge.is_due(2 * PASSIVE_PAGES + 1));
        assert!(!gauge.is_due(3), "begun anew");
        gauge.begun_anew();
        assert!(gauge.is_due(PASSIVE_PAGES + 5), "grown since");
    }

    #[test]
    fn a_reader_in_the_way_of_the_end_of_a_fold_gives_the_writer_a_pause() {
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
            not_before: begun,
        };
        assert_eq!(folder.fold(PASSIVE_PAGES).unwrap(), Reach::Part);
        assert!(folder.not_before >= begun + PAUSE);
        drop(snapshot);
        assert_eq!(
            folder.fold(PASSIVE_PAGES).unwrap(),
            Reach::Part,
            "in the pause"
        );
        folder.not_before = begun;
        assert_eq!(folder.fold(PASSIVE_PAGES).unwrap(), Reach::All);
        assert_eq!(folder.not_before, begun);
        let log = format!("{}-wal", scratch.path().display());
        let length = || std::fs::metadata(&log).unwrap().len();
        let used = length();
        writer.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        assert_eq!(length(), used, "it was begun anew");
        assert_eq!(folder.fold(TRUNCATE_PAGES).unwrap(), Reach::All);
        assert_eq!(length(), 0, "it was cut");
    }
}
