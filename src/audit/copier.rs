//! Copies the trail to a file of its own and signs its end at intervals, on a thread that no commit waits for.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use metrics::gauge;
use smithers_model::time::Clock;
use smithers_store::Backend;
use smithers_store::read::AuditEntry;

use super::checkpoint::{self, Signer};
use super::journal::{self, Journal};
use crate::metrics::table;

/// How often new rows are looked for.
const INTERVAL: Duration = Duration::from_secs(1);
/// Rows that are copied at once.
const PAGE: usize = 1_000;

/// What is copied, and where to.
pub struct CopierOptions {
    /// The store.
    pub backend: Arc<dyn Backend>,
    /// The database file; checkpoints and their key stand beside it.
    pub database: PathBuf,
    /// The copy, if one is wanted.
    pub sink: Option<PathBuf>,
    /// Time between two checkpoints.
    pub checkpoint: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The thread. Dropping it copies and signs what is left, and ends it.
pub struct Copier {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(options: CopierOptions) -> io::Result<Self> {
        let (stop, stopped) = sync_channel::<()>(1);
        let mut work = Work::new(options);
        let thread = std::thread::Builder::new()
            .name("audit-copy".to_owned())
            .spawn(move || {
                loop {
                    match stopped.recv_timeout(INTERVAL) {
                        Err(RecvTimeoutError::Timeout) => work.round(false),
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => return work.round(true),
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported where it happened.
            let _ = thread.join();
        }
    }
}

struct Work {
    options: CopierOptions,
    journal: Option<Journal<std::fs::File>>,
    signer: Option<Signer>,
    /// The newest row that was signed, and when.
    signed: (u64, Instant),
    /// What went wrong last, to say it once.
    problem: Option<String>,
}

impl Work {
    fn new(options: CopierOptions) -> Self {
        Self {
            options,
            journal: None,
            signer: None,
            signed: (0, Instant::now()),
            problem: None,
        }
    }

    /// Copies new rows, and signs the end when it is time or `is_last`.
    fn round(&mut self, is_last: bool) {
        let done = self.copy().and_then(|()| self.sign(is_last));
        match done {
            Ok(()) => self.problem = None,
            Err(problem) => self.tell(problem),
        }
    }

    fn copy(&mut self) -> Result<(), String> {
        let Some(sink) = self.options.sink.clone() else {
            return Ok(());
        };
        let shown = sink.display().to_string();
        if self.journal.is_none() {
            let opened = open(&*self.options.backend, &sink);
            self.journal = Some(opened.map_err(|error| format!("{shown}: {error}"))?);
        }
        loop {
            let journal = self.journal.as_mut().expect("it was opened above");
            let rows = read(&*self.options.backend, journal.last_seq(), PAGE)?;
            if rows.is_empty() {
                gauge!(table::AUDIT_SINK_BEHIND.name).set(0.0);
                return Ok(());
            }
            if let Err(error) = journal.add(&rows) {
                // What is in the file is found out when it is opened again.
                self.journal = None;
                gauge!(table::AUDIT_SINK_BEHIND.name).set(rows.len() as f64);
                return Err(format!("{shown}: {error}"));
            }
        }
    }

    fn sign(&mut self, is_last: bool) -> Result<(), String> {
        let (seq, at) = self.signed;
        if !is_last && seq > 0 && at.elapsed() < self.options.checkpoint {
            return Ok(());
        }
        let Some(newest) = newest(&*self.options.backend)? else {
            return Ok(());
        };
        if newest.seq == seq {
            return Ok(());
        }
        let database = &self.options.database;
        let told = |error: io::Error| format!("{}: {error}", checkpoint::path(database).display());
        if self.signer.is_none() {
            self.signer = Some(Signer::open(database).map_err(told)?);
        }
        let signer = self.signer.as_ref().expect("it was opened above");
        let signed = signer.sign(self.options.clock.now(), newest.seq, &newest.hash);
        checkpoint::append(database, &signed).map_err(told)?;
        self.signed = (newest.seq, Instant::now());
        Ok(())
    }

    fn tell(&mut self, problem: String) {
        if self.problem.as_deref() != Some(problem.as_str()) {
            tracing::warn!(target: "smithers::audit", "the audit trail is not copied or signed, the gateway goes on: {problem}");
        }
        self.problem = Some(problem);
    }
}

/// Opens the copy to go on where it ends. After a restore it may hold rows that the trail does not have any more: then
/// it is kept under another name, and a new one begins.
fn open(backend: &dyn Backend, sink: &Path) -> Result<Journal<std::fs::File>, String> {
    let is_new = std::fs::metadata(sink).map_or(true, |metadata| metadata.len() == 0);
    if !is_new {
        let journal = journal::resume(sink).map_err(|error| error.to_string())?;
        if is_in_trail(backend, &journal)? {
            return Ok(journal);
        }
        let aside = aside(sink, &journal);
        std::fs::rename(sink, &aside).map_err(|error| error.to_string())?;
        let (kept, seq) = (aside.display(), journal.last_seq());
        tracing::warn!(target: "smithers::audit", "row {seq} of the copy is not in the trail any more; the copy is kept as {kept}");
    }
    begin(sink).map_err(|error| error.to_string())
}

fn begin(sink: &Path) -> io::Result<Journal<std::fs::File>> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o640)
        .open(sink)?;
    let start = smithers_store::ChainCursor::default();
    Journal::begin(file, start.seq(), start.hash())
}

fn is_in_trail<W: io::Write>(backend: &dyn Backend, copy: &Journal<W>) -> Result<bool, String> {
    let Some(before) = copy.last_seq().checked_sub(1) else {
        return Ok(true);
    };
    let rows = read(backend, before, 1)?;
    Ok(rows.first().is_some_and(|row| row.hash == copy.last_hash()))
}

/// A name that says where the copy ends, so that none replaces another.
fn aside<W: io::Write>(sink: &Path, copy: &Journal<W>) -> PathBuf {
    let hash = copy.last_hash().get(..12).unwrap_or_default();
    let mut name = sink.as_os_str().to_owned();
    name.push(format!(".{}-{hash}", copy.last_seq()));
    name.into()
}

fn read(backend: &dyn Backend, after: u64, limit: usize) -> Result<Vec<AuditEntry>, String> {
    let reader = backend.reader().map_err(|error| error.to_string())?;
    reader
        .audit(after, limit)
        .map_err(|error| error.to_string())
}

fn newest(backend: &dyn Backend) -> Result<Option<AuditEntry>, String> {
    let reader = backend.reader().map_err(|error| error.to_string())?;
    reader.last_audit().map_err(|error| error.to_string())
}
