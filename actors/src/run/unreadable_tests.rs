//! A run whose rows cannot be read is tried again, later and later.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::Arbiter;
use parking_lot::Mutex;
use smithers_model::Epoch;
use smithers_store::writer::{NoPublisher, WriterOptions};
use smithers_store::{
    Backend, Boundary, Error, MemoryStore, OpenError, ReadGuard, Transactions, Writer,
};

use super::{RunError, RunServices};
use crate::catalogue::Catalogue;
use crate::clock::SystemClock;
use crate::registry::RunRegistry;
use crate::scheduler::Nudge;

/// A store that takes writes and gives no reader; it notes when somebody asked.
struct Unreadable {
    inner: MemoryStore,
    asked: Arc<Mutex<Vec<Instant>>>,
}

impl Backend for Unreadable {
    fn open_writer(&self) -> Result<Box<dyn Transactions>, OpenError> {
        self.inner.open_writer()
    }

    fn reader(&self) -> Result<ReadGuard, Error> {
        self.asked.lock().push(Instant::now());
        Err(Error::Busy)
    }

    fn snapshot(&self) -> Result<ReadGuard, Error> {
        Err(Error::Busy)
    }

    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }

    fn boundary(&self) -> &Boundary {
        self.inner.boundary()
    }
}

#[actix::test]
async fn a_run_that_cannot_be_read_answers_and_is_tried_again_with_growing_pauses() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let backend: Arc<dyn Backend> = Arc::new(Unreadable {
        inner: MemoryStore::default(),
        asked: asked.clone(),
    });
    let clock = Arc::new(SystemClock);
    let options = WriterOptions::new(clock.clone());
    let services = RunServices {
        writer: Writer::spawn(backend.clone(), Box::new(NoPublisher), options).unwrap(),
        turns: crate::turns::Turns::default(),
        approvals: Arc::default(),
        changed_workflow: smithers_engine::ChangedWorkflow::Hold,
        worktrees: std::sync::Arc::default(),
        concurrency_ceiling: smithers_engine::CONCURRENCY_CEILING,
        epoch: backend.epoch(),
        backend,
        catalogue: Arc::new(Catalogue::default()),
        clock,
        scheduler: Nudge::default(),
    };
    let runs = RunRegistry::spawn(Arc::new(services), vec![Arbiter::new().handle()]);
    let answer = runs.take_up(&"r1".into()).await;
    assert!(matches!(answer, Err(RunError::Degraded(_))), "{answer:?}");
    let deadline = Instant::now() + Duration::from_secs(10);
    let begin = asked.lock()[0];
    let fourth = loop {
        if let Some(fourth) = asked.lock().get(3) {
            break *fourth;
        }
        assert!(Instant::now() < deadline, "it is not tried again");
        actix_rt::time::sleep(Duration::from_millis(5)).await;
    };
    let pauses = Duration::from_millis(100 + 200 + 400);
    assert!(
        fourth - begin >= pauses,
        "tried again after {:?}",
        fourth - begin
    );
}
