//! The thread that writes the access log, so that no worker ever waits for a disk.
//!
//! **Invariant.** A worker hands a line over or drops it, at once. What is dropped is counted, and told in the log itself
//! by a line that says how many are missing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::Builder;
use std::time::Duration;
use std::{fmt, io};

use serde::Serialize;
use smithers_model::redact::Place;
use smithers_model::time::Clock;

use super::file::{RotatingFile, Rules};
use super::line::Line;
use crate::metrics::Metrics;

/// Lines that may wait for the disk; about four megabytes.
const QUEUE_LINES: usize = 8_192;
/// Bytes that are written at once.
const BATCH_BYTES: u64 = 64 * 1024;
/// How long the end waits for the last lines.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

enum Message {
    Line(Box<Line>),
    Reopen,
    Close(SyncSender<()>),
}

/// Hands lines to the thread.
pub(super) struct Writer {
    queue: SyncSender<Message>,
    /// Lines that were dropped and not told yet.
    missing: Arc<AtomicU64>,
}

/// Says that lines are missing at this place of the log.
#[derive(Serialize)]
struct Missing {
    time: String,
    missing: u64,
}

impl Writer {
    /// Opens the file and starts the thread.
    pub(super) fn start(path: &Path, rules: Rules, clock: Arc<dyn Clock>) -> io::Result<Writer> {
        let file = RotatingFile::open(path, rules, clock.now())?;
        let (queue, messages) = sync_channel(QUEUE_LINES);
        let missing = Arc::new(AtomicU64::new(0));
        let scribe = Scribe {
            file,
            clock,
            missing: missing.clone(),
            batch_bytes: BATCH_BYTES.min(rules.max_bytes),
            batch: Vec::new(),
            lines: 0,
            is_failing: false,
        };
        let run = move || scribe.run(&messages);
        Builder::new().name("access-log".into()).spawn(run)?;
        Ok(Writer { queue, missing })
    }

    /// Hands over a line, or drops it when the thread cannot keep up.
    pub(super) fn write(&self, line: Line) {
        let sent = self.queue.try_send(Message::Line(Box::new(line)));
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = sent {
            self.missing.fetch_add(1, Ordering::Relaxed);
            Metrics.access_log_dropped("queue", 1);
        }
    }

    /// Asks for the file to be opened again. A full queue means that the thread is stuck; the next request will do.
    pub(super) fn reopen(&self) {
        if self.queue.try_send(Message::Reopen).is_err() {
            tracing::warn!("the access log is too far behind to be reopened now");
        }
    }

    /// Waits until what was handed over is written, but not for a disk that hangs.
    pub(super) fn close(&self) {
        let (done, finished) = sync_channel(1);
        let asked = self.queue.try_send(Message::Close(done)).is_ok();
        if !asked || finished.recv_timeout(CLOSE_WAIT) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the last lines of the access log may be missing");
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Writer").finish_non_exhaustive()
    }
}

/// The state of the thread.
struct Scribe {
    file: RotatingFile,
    clock: Arc<dyn Clock>,
    missing: Arc<AtomicU64>,
    batch_bytes: u64,
    batch: Vec<u8>,
    /// Lines in the batch.
    lines: u64,
    is_failing: bool,
}

impl Scribe {
    /// Writes what comes until nobody can send any more.
    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Line(line) => self.add(&*line),
                    Message::Reopen => self.reopen(),
                    Message::Close(done) => {
                        self.flush();
                        // Whoever asked may have stopped waiting.
                        let _ = done.try_send(());
                    }
                }
                next = messages.try_recv().ok();
            }
            self.flush();
        }
    }

    fn add(&mut self, line: &impl Serialize) {
        let Ok(text) = serde_json::to_string(line) else {
            return;
        };
        let clean = smithers_redact::shared().json_line(Place::Log, &text);
        let text = clean.unwrap_or(text);
        if (self.batch.len() + text.len()) as u64 >= self.batch_bytes {
            self.flush();
        }
        self.batch.extend_from_slice(text.as_bytes());
        self.batch.push(b'\n');
        self.lines += 1;
    }

    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let now = self.clock.now();
        let missing = self.missing.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let time = now.to_iso();
            let line = serde_json::to_vec(&Missing { time, missing });
            let line = line.expect("two plain members can be serialised");
            self.batch.extend_from_slice(&line);
            self.batch.push(b'\n');
        }
        match self.file.append(&self.batch, now) {
            Ok(()) => self.succeeded(missing),
            Err(error) => self.failed(missing, &error),
        }
        self.batch.clear();
        self.lines = 0;
    }

    fn succeeded(&mut self, missing: u64) {
        Metrics.access_log_written(self.lines);
        self.is_failing = false;
        if missing > 0 {
            tracing::warn!(missing, "lines of the access log were dropped");
        }
    }

    fn failed(&mut self, missing: u64, error: &io::Error) {
        Metrics.access_log_dropped("write", self.lines);
        self.missing
            .fetch_add(missing + self.lines, Ordering::Relaxed);
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::error!(%error, "the access log cannot be written, its lines are dropped");
        }
    }

    fn reopen(&mut self) {
        self.flush();
        if let Err(error) = self.file.reopen(self.clock.now()) {
            tracing::error!(%error, "the access log cannot be opened again");
        }
    }
}

#[cfg(test)]
mod tests;
