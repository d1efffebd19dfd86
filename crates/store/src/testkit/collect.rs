//! Writing through a backend or a writer and seeing what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use parking_lot::Mutex;
use smithers_model::step::StepWrite;

use crate::backend::{Backend, Transactions};
use crate::commit::{CommittedStep, Refusal};
use crate::writer::{Publisher, StepOutcome, SubmitError, WriterHandle};

/// Longest wait for something that is about to happen.
const DEADLINE: Duration = Duration::from_secs(30);

/// A publisher that keeps what it gets; clones share it.
#[derive(Clone, Default)]
pub struct Collector {
    steps: Arc<Mutex<Vec<Arc<CommittedStep>>>>,
    gaps: Arc<AtomicUsize>,
}

impl Collector {
    /// What was published so far.
    pub fn steps(&self) -> Vec<Arc<CommittedStep>> {
        self.steps.lock().clone()
    }

    /// How often steps may have been missed.
    pub fn gaps(&self) -> usize {
        self.gaps.load(Ordering::SeqCst)
    }
}

impl Publisher for Collector {
    fn publish(&mut self, steps: &[Arc<CommittedStep>]) {
        self.steps.lock().extend_from_slice(steps);
    }

    fn missed(&mut self) {
        self.gaps.fetch_add(1, Ordering::SeqCst);
    }
}

/// Commits one step through a write path.
pub fn commit(
    transactions: &mut dyn Transactions,
    step: StepWrite,
) -> Result<CommittedStep, Refusal> {
    let mut answers = transactions.commit(vec![step]).expect("the storage works");
    answers.pop().expect("every step is answered")
}

/// Commits steps one after another through a write path of their own, which must not refuse any.
pub fn commit_all(store: &dyn Backend, steps: impl IntoIterator<Item = StepWrite>) {
    let mut transactions = store.open_writer().expect("the storage opens");
    for step in steps {
        commit(&mut *transactions, step).expect("the step is in order");
    }
}

/// Submits a step and waits for its outcome.
pub fn outcome_of(writer: &WriterHandle, step: StepWrite) -> Result<StepOutcome, SubmitError> {
    let (tx, rx) = channel();
    let reply = Box::new(move |outcome| {
        // The waiting test may have given up.
        let _ = tx.send(outcome);
    });
    writer.submit(step, reply)?;
    Ok(rx
        .recv_timeout(DEADLINE)
        .expect("every step that was taken is answered"))
}
