//! The thread: takes what has queued, commits it as one transaction, publishes, replies.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use smithers_model::step::StepWrite;
use smithers_model::time::Clock;

use super::degrade::Failure;
use super::handle::WriterHandle;
use super::job::{Job, PendingReply, QueuedStep, StepOutcome, Task};
use super::state::SharedState;
use super::stats::Counters;
use super::{
    BATCH_BYTES, BATCH_STEPS, CAREFUL_STEPS, Pace, Publisher, StateObserver, WriterOptions,
};
use crate::backend::{Backend, Transactions};
use crate::commit::{CommittedStep, Refusal};
use crate::error::{CommitError, FaultKind, OpenError};

/// Opens the write path on the caller's thread, so that a start fails where it can be told.
pub(super) fn spawn(
    backend: Arc<dyn Backend>,
    publisher: Box<dyn Publisher>,
    options: WriterOptions,
) -> Result<WriterHandle, OpenError> {
    let transactions = backend.open_writer()?;
    let (jobs, queue) = sync_channel(options.queue_steps);
    let handle = WriterHandle {
        jobs,
        state: Arc::new(SharedState::new()),
        counters: Arc::default(),
    };
    let worker = Worker {
        backend,
        publisher,
        queue,
        held: None,
        careful: 0,
        state: handle.state.clone(),
        counters: handle.counters.clone(),
        clock: options.clock,
        on_state: options.on_state,
        heartbeat: options.heartbeat,
        pace: options.pace,
    };
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || worker.run(transactions))
        .map_err(OpenError::Thread)?;
    Ok(handle)
}

pub(super) struct Worker {
    pub(super) backend: Arc<dyn Backend>,
    publisher: Box<dyn Publisher>,
    pub(super) queue: Receiver<Job>,
    /// Taken from the queue behind a batch, to be done next.
    pub(super) held: Option<Job>,
    /// Steps that still get a transaction each, because a batch has met a defect.
    careful: usize,
    pub(super) state: Arc<SharedState>,
    pub(super) counters: Arc<Counters>,
    pub(super) clock: Arc<dyn Clock>,
    on_state: Option<StateObserver>,
    heartbeat: Duration,
    pub(super) pace: Option<Box<dyn Pace>>,
}

/// Why the loop ends. The sender waits until the thread is done.
pub(super) type Stop = Option<SyncSender<()>>;

/// A batch: the steps go to the backend, the replies stay here.
#[derive(Default)]
struct Batch {
    steps: Vec<StepWrite>,
    replies: Vec<PendingReply>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, queued: QueuedStep) {
        self.bytes += queued.step.size_hint();
        self.steps.push(*queued.step);
        self.replies.push(queued.reply);
    }

    fn is_full(&self, most_steps: usize) -> bool {
        self.steps.len() >= most_steps || self.bytes >= BATCH_BYTES
    }
}

impl Worker {
    fn run(mut self, mut transactions: Box<dyn Transactions>) {
        let stop = loop {
            let done = match self.next() {
                Err(RecvTimeoutError::Disconnected) => break None,
                Err(RecvTimeoutError::Timeout) => beat(&mut *transactions).map_err(Failure::from),
                Ok(Job::Stop(stop)) => break Some(stop),
                Ok(Job::Step(first)) => self.commit(first, &mut *transactions),
                Ok(Job::Task(task)) => run_task(task, &mut *transactions).map_err(Failure::from),
            };
            let Err(failure) = done else { continue };
            drop(transactions);
            transactions = match self.overcome(failure) {
                Ok(reopened) => reopened,
                Err(stop) => return self.finish(None, stop),
            };
        };
        self.finish(Some(transactions), stop);
    }

    /// Waits for something to do, until the next sign of life is due.
    fn next(&mut self) -> Result<Job, RecvTimeoutError> {
        match self.held.take() {
            Some(job) => Ok(job),
            None => self.wait(self.heartbeat),
        }
    }

    /// Commits `first` with all that has queued behind it while the last batch was written.
    fn commit(
        &mut self,
        first: QueuedStep,
        transactions: &mut dyn Transactions,
    ) -> Result<(), Failure> {
        let batch = self.collect(first);
        let started = Instant::now();
        match guarded(|| transactions.commit(batch.steps)) {
            Ok(results) => {
                self.settle(results, batch.replies, started);
                Ok(())
            }
            Err(fault) => Err(self.fail(fault, batch.replies, transactions)),
        }
    }

    /// Tells a failed batch that its outcome is unknown. The reply of a single step that met a defect and was
    /// not stored waits until it is clear whether anything can be written.
    fn fail(
        &mut self,
        fault: CommitError,
        mut replies: Vec<PendingReply>,
        transactions: &dyn Transactions,
    ) -> Failure {
        let defect = fault.kind == FaultKind::Internal;
        if defect {
            self.careful = CAREFUL_STEPS;
        }
        let culprit = if defect && replies.len() == 1 && transactions.stored_nothing() {
            replies.pop()
        } else {
            self.tell_unknown(&fault, replies);
            None
        };
        Failure { fault, culprit }
    }

    fn collect(&mut self, first: QueuedStep) -> Batch {
        let most_steps = if self.careful > 0 { 1 } else { BATCH_STEPS };
        self.careful = self.careful.saturating_sub(1);
        let mut batch = Batch::default();
        self.counters.taken();
        batch.add(first);
        while !batch.is_full(most_steps) {
            match self.queue.try_recv() {
                Ok(Job::Step(step)) => {
                    self.counters.taken();
                    batch.add(step);
                }
                Ok(other) => {
                    self.held = Some(other);
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        batch
    }

    fn settle(
        &mut self,
        results: Vec<Result<CommittedStep, Refusal>>,
        replies: Vec<PendingReply>,
        started: Instant,
    ) {
        let outcomes: Vec<StepOutcome> = results
            .into_iter()
            .map(|result| match result {
                Ok(step) => StepOutcome::Committed(Arc::new(step)),
                Err(refusal) => StepOutcome::Refused(refusal),
            })
            .collect();
        let committed: Vec<Arc<CommittedStep>> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                StepOutcome::Committed(step) => Some(step.clone()),
                _ => None,
            })
            .collect();
        let refused = outcomes.len() - committed.len();
        self.counters
            .committed(committed.len() as u64, refused as u64, started.elapsed());
        self.publish(&committed);
        for (reply, outcome) in replies.into_iter().zip(outcomes) {
            reply.send(outcome);
        }
    }

    fn publish(&mut self, committed: &[Arc<CommittedStep>]) {
        if committed.is_empty() {
            return;
        }
        let publish = AssertUnwindSafe(|| self.publisher.publish(committed));
        if catch_unwind(publish).is_err() {
            tracing::error!(
                steps = committed.len(),
                "the publisher panicked; its events were lost"
            );
        }
    }

    pub(super) fn publish_gap(&mut self) {
        let missed = AssertUnwindSafe(|| self.publisher.missed());
        if catch_unwind(missed).is_err() {
            tracing::error!("the publisher panicked; streams may miss what was stored");
        }
    }

    pub(super) fn tell(&self, state: &super::WriterState) {
        let Some(observer) = &self.on_state else {
            return;
        };
        let generation = self.state.generation();
        if catch_unwind(AssertUnwindSafe(|| observer(state, generation))).is_err() {
            tracing::error!("an observer of the writer panicked");
        }
    }

    /// Closes in good order and lets whoever asked for it go on, once nothing of the store is held here.
    fn finish(self, transactions: Option<Box<dyn Transactions>>, stop: Stop) {
        let reason = "the gateway is shutting down".to_owned();
        self.state.degraded(reason, self.clock.now());
        if let Some(transactions) = transactions
            && let Err(error) = transactions.close()
        {
            tracing::warn!(%error, "the database was not closed in good order");
        }
        // Whatever came too late is told with the queue that its outcome is unknown.
        drop(self);
        if let Some(stop) = stop {
            // Whoever asked may have given up waiting.
            let _ = stop.send(());
        }
    }
}

/// Shows that the owner of the database lives.
fn beat(transactions: &mut dyn Transactions) -> Result<(), CommitError> {
    guarded(|| transactions.verify())
}

fn run_task(task: Task, transactions: &mut dyn Transactions) -> Result<(), CommitError> {
    guarded(|| task(Some(transactions)))
}

/// A panic in the backend must not end the writer; what it left behind is unknown.
fn guarded<T>(work: impl FnOnce() -> Result<T, CommitError>) -> Result<T, CommitError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(CommitError::new(
            FaultKind::Internal,
            "the storage code panicked",
        ))
    })
}
