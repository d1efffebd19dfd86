//! Housekeeping: one input-free, idempotent sweep on a period. It finishes deletions that had begun, deletes
//! runs that are older than the policy keeps them, sweeps the cache, and gives freed pages back to the file system.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::task::JoinHandle;
use metrics::counter;
use smithers_model::RunId;
use smithers_model::time::Clock;
use smithers_store::{Backend, CacheSweep, WriterHandle};

use crate::deletion::{Cause, DeletionError, Deletions};

/// Longest time between two sweeps.
const PERIOD: Duration = Duration::from_secs(3600);
/// Shortest time between two sweeps, however short runs are kept.
const SHORTEST_PERIOD: Duration = Duration::from_secs(1);
/// Runs that are looked up at a time.
const PAGE: usize = 100;
/// Pages that one transaction gives back; the runs that write meanwhile wait for it.
const PAGES: u32 = 1_000;
/// Kept results that one transaction forgets; the runs that write meanwhile wait for it.
const CACHE_ROWS: u32 = 500;

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Runs, from their end; for ever when none.
    pub runs: Option<Duration>,
    /// Kept results, while all of them take no more bytes than this; those used longest ago go first.
    pub cache_bytes: u64,
}

/// What housekeeping works with.
#[derive(Clone)]
pub struct Maintenance {
    /// Deletes runs.
    pub deletions: Deletions,
    /// Finds them.
    pub backend: Arc<dyn Backend>,
    /// Gives pages back.
    pub writer: WriterHandle,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long things are kept.
    pub retention: Retention,
}

impl Maintenance {
    /// Starts to sweep, at once and then on a period. Ends when the handle is aborted; needs an actix system.
    pub fn spawn(self) -> JoinHandle<()> {
        actix_rt::spawn(async move {
            loop {
                let house = self.clone();
                if actix_rt::task::spawn_blocking(move || house.sweep())
                    .await
                    .is_err()
                {
                    tracing::error!("housekeeping panicked; the next sweep tries again");
                }
                actix_rt::time::sleep(self.period()).await;
            }
        })
    }

    /// Short enough that what is kept for a short time does not stay much longer.
    fn period(&self) -> Duration {
        let kept = self.retention.runs.unwrap_or(PERIOD);
        (kept / 10).clamp(SHORTEST_PERIOD, PERIOD)
    }

    /// Does what is due. Blocks.
    fn sweep(&self) {
        let done = self.deletions.finish_begun().and_then(|()| self.expire());
        if let Err(error) = done {
            tracing::warn!(%error, "housekeeping was cut short; the next sweep goes on");
            return;
        }
        self.sweep_cache();
        self.give_back();
    }

    /// Forgets kept results that have expired, and those beyond the cap.
    fn sweep_cache(&self) {
        let sweep = CacheSweep {
            now: self.clock.now(),
            cap_bytes: self.retention.cache_bytes,
            most: CACHE_ROWS,
        };
        loop {
            match self.writer.sweep_cache(sweep) {
                Ok(gone) => {
                    counter!("smithers_cache_swept_total").increment(gone);
                    if gone < u64::from(CACHE_ROWS) {
                        return;
                    }
                }
                Err(error) => {
                    return tracing::warn!(%error, "the cache could not be swept");
                }
            }
        }
    }

    /// Deletes the runs whose time has come. Those that cannot go, for example because a child is still
    /// there, are left for the next sweep.
    fn expire(&self) -> Result<(), DeletionError> {
        let Some(kept) = self.retention.runs else {
            return Ok(());
        };
        let now = self.clock.now();
        let cause = Cause::policy(now, format!("retention: older than {} s", kept.as_secs()));
        let mut left_alone = HashSet::<RunId>::new();
        loop {
            let limit = PAGE + left_alone.len();
            let due = self
                .backend
                .reader()?
                .ended_before(now.minus(kept), limit)?;
            let due: Vec<RunId> = due
                .into_iter()
                .filter(|run| !left_alone.contains(run))
                .collect();
            if due.is_empty() {
                return Ok(());
            }
            for run in due {
                match self.deletions.delete(&run, true, &cause) {
                    Ok(_) => {}
                    Err(DeletionError::Refused { refusal, .. }) => {
                        tracing::info!(run.id = %run, %refusal, "an old run is kept for now");
                        left_alone.insert(run);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn give_back(&self) {
        let mut total = 0;
        loop {
            match self.writer.release_pages(PAGES) {
                Ok(0) => break,
                Ok(pages) => total += pages,
                Err(error) => {
                    return tracing::warn!(%error, "freed pages could not be given back");
                }
            }
        }
        if total > 0 {
            tracing::info!(pages = total, "freed pages were given back");
        }
    }
}
