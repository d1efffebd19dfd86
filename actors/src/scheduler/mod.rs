//! The scheduler: input-free, idempotent sweeps. One takes up runs that the store shows running and nobody
//! has open; one wakes runs whose due time has come. Between sweeps it sleeps until the next due time,
//! which is one indexed read, or until somebody nudges it with an earlier one.

mod nudge;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::future::join_all;
use smithers_model::run::RunStatus;
use smithers_model::time::Clock;
use smithers_model::{RunId, Timestamp};
use smithers_store::Backend;

use crate::registry::Runs;

pub use nudge::Nudge;

/// Runs read in one page of a sweep.
const PAGE: usize = 256;
/// Runs that recovery opens at a time; the next page waits until these have their rows.
const RECOVERY_WIDTH: usize = 32;
/// Longest sleep: bounds the harm of a clock that was set.
const MAX_SLEEP: Duration = Duration::from_secs(30);
/// First pause after runs were woken: enough for a commit.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Longest pause while the same runs stay due.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// Pause after a failed read; the database is probably being reopened.
const READ_RETRY: Duration = Duration::from_millis(500);

/// See the module documentation.
pub struct Scheduler {
    runs: Runs,
    backend: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
    nudge: Nudge,
}

impl Scheduler {
    /// Starts the scheduler with a recovery sweep.
    pub fn spawn(
        runs: Runs,
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        nudge: Nudge,
    ) -> Addr<Self> {
        Self {
            runs,
            backend,
            clock,
            nudge,
        }
        .start()
    }

    fn recover(&self) -> impl Future<Output = ()> + 'static {
        recover(self.runs.clone(), self.backend.clone())
    }
}

impl Actor for Scheduler {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(self.recover().into_actor(self));
        let watch = watch_due_times(
            self.runs.clone(),
            self.backend.clone(),
            self.clock.clone(),
            self.nudge.clone(),
        );
        ctx.spawn(watch.into_actor(self));
    }
}

/// Takes up every run that the store shows running. Idempotent: an open run does nothing.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Recover;

impl Handler<Recover> for Scheduler {
    type Result = ();

    fn handle(&mut self, _: Recover, ctx: &mut Self::Context) {
        ctx.spawn(self.recover().into_actor(self));
    }
}

async fn recover(runs: Runs, backend: Arc<dyn Backend>) {
    let mut after: Option<RunId> = None;
    let mut taken_up = 0;
    loop {
        let from = after.clone();
        let page = read(&backend, move |reader| {
            reader.run_ids_with_status(RunStatus::Running, from.as_ref(), PAGE)
        });
        let Some(page) = page.await else {
            actix_rt::time::sleep(READ_RETRY).await;
            continue;
        };
        for width in page.chunks(RECOVERY_WIDTH) {
            // A run that is gone or whose workflow is missing says so in the log by itself.
            let opened = join_all(width.iter().map(|run_id| runs.take_up(run_id))).await;
            taken_up += opened.iter().filter(|outcome| outcome.is_ok()).count();
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.clone()),
            _ => break,
        }
    }
    if taken_up > 0 {
        tracing::info!(runs = taken_up, "took up runs that were running");
    }
}

async fn watch_due_times(
    runs: Runs,
    backend: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
    nudge: Nudge,
) {
    let mut patience = Patience::default();
    loop {
        let stored = read(&backend, |reader| reader.next_due()).await;
        let next = match stored {
            Some(stored) => earlier(stored, nudge.take()),
            None => Some(clock.now().plus(READ_RETRY)),
        };
        let wait = next.map_or(MAX_SLEEP, |due| due.since(clock.now()).min(MAX_SLEEP));
        if wait.is_zero() {
            let now = clock.now();
            let due = read(&backend, move |reader| reader.due_runs(now, PAGE)).await;
            let pause = patience.after(due.as_deref().unwrap_or_default());
            due.into_iter()
                .flatten()
                .for_each(|run_id| runs.check_due(run_id));
            actix_rt::time::sleep(pause).await;
        } else {
            nudge.sleep(wait).await;
        }
    }
}

/// How long to wait for runs that were woken. It grows while the same runs stay due, for example because
/// their workflow is not registered any more.
#[derive(Debug, Default)]
struct Patience {
    woken: Vec<RunId>,
    pause: Duration,
}

impl Patience {
    fn after(&mut self, due: &[RunId]) -> Duration {
        self.pause = match self.woken == due {
            true => (self.pause * 2).min(MAX_PAUSE),
            false => FIRST_PAUSE,
        };
        self.woken = due.to_vec();
        self.pause
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Reads off the arbiter; `None` after a failure, which is logged.
async fn read<T: Send + 'static>(
    backend: &Arc<dyn Backend>,
    query: impl FnOnce(&dyn smithers_store::Reader) -> Result<T, smithers_store::Error> + Send + 'static,
) -> Option<T> {
    let backend = backend.clone();
    let reading = move || {
        let reader = backend.reader()?;
        query(&*reader)
    };
    match actix_rt::task::spawn_blocking(reading).await {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the scheduler could not read the database");
            None
        }
        Err(_) => None,
    }
}
