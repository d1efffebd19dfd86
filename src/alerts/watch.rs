//! Takes a sight at intervals, on a thread of its own, and tells what changed on the board.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use metrics::{counter, gauge};
use smithers_model::audit::kind;
use smithers_model::run::RunStatus;
use smithers_model::time::Clock;
use smithers_model::{RunId, Timestamp};
use smithers_store::read::{ApprovalFilter, ReadResult};
use smithers_store::{Backend, Reader, WriterHandle, WriterState, ops};

use super::board::{Board, Change};
use super::rules::{RULES, Severity, Thresholds};
use super::sight::{Sight, Waiting};
use super::tally::{Recent, TALLY};
use crate::auth::Gatekeeper;
use crate::metrics::table;

/// Runs that are looked at for staleness in one look; more of them running at once are not stale, but busy.
const RUNS: usize = 1_000;
/// Rows of the audit trail that one look verifies; a long trail is caught up with over several looks.
const AUDIT_ROWS: usize = 10_000;

/// How soon before its end a token is told.
const ENDING: Duration = Duration::from_secs(24 * 60 * 60);

/// What the watch looks at.
pub struct Sources {
    /// The store.
    pub backend: Arc<dyn Backend>,
    /// The database file.
    pub database: PathBuf,
    /// Tells whether writes are refused.
    pub writer: WriterHandle,
    /// Who may come in, and with which tokens.
    pub gatekeeper: Arc<Gatekeeper>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The thread; it ends when this is dropped.
pub struct Watch {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to look, at once and then each `interval`.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(sources: Sources, thresholds: Thresholds, interval: Duration) -> io::Result<Self> {
        let (stop, stopped) = sync_channel::<()>(1);
        let mut watcher = Watcher::new(sources, thresholds);
        let thread = std::thread::Builder::new()
            .name("alerts".to_owned())
            .spawn(move || {
                loop {
                    watcher.look();
                    match stopped.recv_timeout(interval) {
                        Err(RecvTimeoutError::Timeout) => {}
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported where it happened.
            let _ = thread.join();
        }
    }
}

struct Watcher {
    sources: Sources,
    thresholds: Thresholds,
    board: Board,
    recent: Recent,
    chain: smithers_store::ChainCursor,
}

impl Watcher {
    fn new(sources: Sources, thresholds: Thresholds) -> Self {
        Self {
            sources,
            thresholds,
            board: Board::default(),
            recent: Recent::new(TALLY.counts()),
            chain: smithers_store::ChainCursor::default(),
        }
    }

    fn look(&mut self) {
        let sight = self.sight();
        for change in self.board.update(&sight, &self.thresholds) {
            tell(&change);
        }
        for rule in RULES {
            for severity in [Severity::Warning, Severity::Critical] {
                let firing = self.board.severity(rule.name) == Some(severity);
                let labels = [("alert", rule.name), ("severity", severity.as_str())];
                gauge!(table::ALERT_FIRING.name, &labels).set(f64::from(u8::from(firing)));
            }
        }
    }

    fn sight(&mut self) -> Sight {
        let now = self.sources.clock.now();
        let happened = self.recent.take(now, TALLY.counts());
        let database = self.sources.database.clone();
        let mut sight = Sight {
            now,
            failed_logins: happened.failed_logins,
            redactions: happened.redactions,
            truncations: happened.truncations,
            ending_tokens: self.sources.gatekeeper.grants().ending(now, ENDING),
            wal_bytes: log_bytes(&database),
            disk_free_percent: ops::free_percent(&database).ok(),
            is_degraded: !matches!(self.sources.writer.state(), WriterState::Ready),
            ..Sight::default()
        };
        if let Err(error) = self.look_at_rows(&mut sight) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "alerts could not look at the database"
            );
        }
        sight
    }

    fn look_at_rows(&mut self, sight: &mut Sight) -> ReadResult<()> {
        let reader = self.sources.backend.reader()?;
        sight.oldest_approval = oldest_approval(&*reader)?;
        sight.stalest_run = stalest_run(&*reader)?;
        let newest = |kind: &str, outcome: &str| -> ReadResult<Option<Timestamp>> {
            Ok(reader.newest_audit(kind, outcome)?.map(|row| row.record.at))
        };
        sight.newest_backup = newest(kind::BACKUP, "made")?;
        sight.newest_drill = newest(kind::DRILL, "passed")?;
        sight.database_made = reader.audit(0, 1)?.first().map(|row| row.record.at);
        let rows = reader.audit(self.chain.seq(), AUDIT_ROWS)?;
        sight.audit_break = self.chain.follow(&rows);
        Ok(())
    }
}

fn oldest_approval(reader: &dyn Reader) -> ReadResult<Option<Waiting>> {
    let oldest = reader.pending(&ApprovalFilter::all(1))?.into_iter().next();
    Ok(oldest.map(|pending| Waiting {
        what: format!(
            "the approval {} of {}",
            pending.approval.node, pending.approval.run_id
        ),
        since: pending.approval.requested_at,
    }))
}

/// Finds the running run whose newest event is oldest. Runs that wait for people or timers are not running.
fn stalest_run(reader: &dyn Reader) -> ReadResult<Option<Waiting>> {
    let mut stalest: Option<(Timestamp, RunId)> = None;
    for run in reader.run_ids_with_status(RunStatus::Running, None, RUNS)? {
        let Some(event) = reader.newest_event(&run)? else {
            continue;
        };
        if stalest.as_ref().is_none_or(|(at, _)| event.at < *at) {
            stalest = Some((event.at, run));
        }
    }
    Ok(stalest.map(|(since, run)| Waiting {
        what: run.to_string(),
        since,
    }))
}

fn log_bytes(database: &Path) -> u64 {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |metadata| metadata.len())
}

fn tell(change: &Change) {
    match change {
        Change::Raised { name, firing } => {
            counter!(table::ALERTS.name, "alert" => *name).increment(1);
            let rule = RULES.iter().find(|rule| rule.name == *name);
            let meaning = rule.map_or("", |rule| rule.meaning);
            match firing.severity {
                Severity::Warning => {
                    tracing::warn!(target: "smithers::alerts", alert = name, "{}: {meaning}", firing.what);
                }
                Severity::Critical => {
                    tracing::error!(target: "smithers::alerts", alert = name, "{}: {meaning}", firing.what);
                }
            }
        }
        Change::Resolved { name } => {
            tracing::info!(target: "smithers::alerts", alert = name, "resolved");
        }
    }
}
