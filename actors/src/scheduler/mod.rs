//! The scheduler: input-free, idempotent sweeps. One takes up runs that the store shows running and nobody
//! has open, at the start, when the database is back, and every half a minute in case one was lost without a word;
//! one wakes runs whose due time has come. Between sweeps it sleeps until the next due time,
//! which is one indexed read, or until somebody nudges it with an earlier one.

mod children;
#[cfg(test)]
mod clock_tests;
mod nudge;
mod rewinds;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_rt::time::Instant;
use futures_util::future::join_all;
use smithers_model::RunId;
use smithers_model::planted::{Bug, planted};
use smithers_model::run::RunStatus;
use smithers_model::time::Clock;
use smithers_store::read::ReadResult;
use smithers_store::{Backend, Reader};

use crate::registry::Runs;

pub use nudge::Nudge;

/// Runs read in one page of a sweep.
const PAGE: usize = 256;
/// Runs that recovery opens at a time; the next page waits until these have their rows.
const RECOVERY_WIDTH: usize = 32;
/// Longest sleep: bounds the harm of a clock that was set.
const MAX_SLEEP: Duration = Duration::from_secs(30);
/// Time between two looks for runs that execute according to the store and that nobody has open.
const SUPERVISION: Duration = Duration::from_secs(30);
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
        let (runs, backend) = (self.runs.clone(), self.backend.clone());
        async move {
            recover(runs.clone(), backend.clone()).await;
            children::sweep(runs, backend).await;
        }
    }
}

impl Actor for Scheduler {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(self.recover().into_actor(self));
        ctx.run_interval(SUPERVISION, |scheduler, ctx| {
            let (runs, backend) = (scheduler.runs.clone(), scheduler.backend.clone());
            let look = async move {
                supervise(runs.clone(), backend.clone()).await;
                children::sweep(runs, backend).await;
            };
            ctx.spawn(look.into_actor(scheduler));
        });
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
    rewinds::settle(&runs, &backend).await;
    let taken_up = take_up_running(&runs, &backend, |_| true).await;
    if taken_up > 0 {
        tracing::info!(runs = taken_up, "took up runs that were running");
    }
    end_scorings(&runs, &backend).await;
}

/// Takes up the runs that should execute and that no actor has. There are none unless something went wrong: every
/// actor that loses its run says so.
async fn supervise(runs: Runs, backend: Arc<dyn Backend>) {
    let taken_up = take_up_running(&runs, &backend, |run| !runs.is_open(run)).await;
    if taken_up > 0 {
        tracing::warn!(runs = taken_up, "took up runs that nobody executed");
    }
}

/// Opens the runs whose scorers were cut off, so that they say so. Runs that run have said it.
async fn end_scorings(runs: &Runs, backend: &Arc<dyn Backend>) {
    let is_closed = |run: &RunId| !runs.is_open(run);
    let list = |reader: &dyn Reader, after: Option<&RunId>| reader.runs_with_scorings(after, PAGE);
    let opened = take_up_listed(runs, backend, list, is_closed).await;
    if opened > 0 {
        tracing::info!(
            runs = opened,
            "told what became of scorings that were cut off"
        );
    }
}

/// Takes up those runs among the running ones that are `wanted`, and returns how many.
async fn take_up_running(
    runs: &Runs,
    backend: &Arc<dyn Backend>,
    wanted: impl Fn(&RunId) -> bool,
) -> usize {
    if planted(Bug::CrashLosesRuns) {
        return 0;
    }
    let list = |reader: &dyn Reader, after: Option<&RunId>| {
        reader.run_ids_with_status(RunStatus::Running, after, PAGE)
    };
    take_up_listed(runs, backend, list, wanted).await
}

/// Takes up the `wanted` ones of the runs that are listed page by page, and returns how many.
async fn take_up_listed(
    runs: &Runs,
    backend: &Arc<dyn Backend>,
    list: impl Fn(&dyn Reader, Option<&RunId>) -> ReadResult<Vec<RunId>> + Copy + Send + 'static,
    wanted: impl Fn(&RunId) -> bool,
) -> usize {
    let mut after: Option<RunId> = None;
    let mut taken_up = 0;
    loop {
        let from = after.clone();
        let page = read(backend, move |reader| list(reader, from.as_ref()));
        let Some(page) = page.await else {
            actix_rt::time::sleep(READ_RETRY).await;
            continue;
        };
        let chosen: Vec<&RunId> = page.iter().filter(|run| wanted(run)).collect();
        for width in chosen.chunks(RECOVERY_WIDTH) {
            // A run that is gone or whose workflow is missing says so in the log by itself.
            let opened = join_all(width.iter().map(|run_id| runs.take_up(run_id))).await;
            taken_up += opened.iter().filter(|outcome| outcome.is_ok()).count();
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.clone()),
            _ => return taken_up,
        }
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
        let (now, limit) = (clock.now(), PAGE + patience.len());
        // Before the read: what is announced from here on ends the sleep at once.
        nudge.take();
        let look = read(&backend, move |reader| {
            Ok((reader.due_runs(now, limit)?, reader.next_due(now)?))
        });
        let wait = match look.await {
            Some((due, next)) => {
                let turns = patience.turns(due, Instant::now());
                turns.into_iter().for_each(|run_id| runs.check_due(run_id));
                let until_due = next.map(|due| due.since(clock.now()));
                let until_turn = patience.until_next_turn(Instant::now());
                let waits = [until_due, until_turn, Some(MAX_SLEEP)];
                waits.into_iter().flatten().min().unwrap_or(MAX_SLEEP)
            }
            None => READ_RETRY,
        };
        nudge.sleep(wait).await;
    }
}

/// The runs that were woken and are due all the same, and when to wake each of them again. The pause grows
/// while a run stays due, for example because its workflow is not registered any more; others do not wait for it.
///
/// Times here are monotonic: a wall clock that is set back must not put off a run that is due.
#[derive(Debug, Default)]
struct Patience(HashMap<RunId, Woken>);

#[derive(Debug)]
struct Woken {
    again_at: Instant,
    pause: Duration,
}

impl Patience {
    /// How many runs stay due.
    fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns those of the `due` runs that are to be woken now, and forgets runs that are due no more.
    fn turns(&mut self, mut due: Vec<RunId>, now: Instant) -> Vec<RunId> {
        let still: HashSet<&RunId> = due.iter().collect();
        self.0.retain(|run_id, _| still.contains(run_id));
        due.retain(|run_id| self.is_turn(run_id, now));
        due
    }

    fn is_turn(&mut self, run_id: &RunId, now: Instant) -> bool {
        let pause = match self.0.get(run_id) {
            Some(woken) if woken.again_at > now => return false,
            Some(woken) => (woken.pause * 2).min(MAX_PAUSE),
            None => FIRST_PAUSE,
        };
        let again_at = now + pause;
        self.0.insert(run_id.clone(), Woken { again_at, pause });
        true
    }

    /// How long until the next of them is to be woken again.
    fn until_next_turn(&self, now: Instant) -> Option<Duration> {
        let next = self.0.values().map(|woken| woken.again_at).min()?;
        Some(next.saturating_duration_since(now))
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
    match crate::reading::off_arbiter(reading).await {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the scheduler could not read the database");
            None
        }
        Err(_) => None,
    }
}
