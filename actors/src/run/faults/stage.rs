//! Actors over any store, with the wiring of the gateway.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use actix::Arbiter;
use serde_json::json;
use smithers_model::native::{NativeWorkflow, number, table};
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::time::Clock;
use smithers_model::{NodeKey, RunId};
use smithers_store::writer::NoPublisher;
use smithers_store::{Backend, WriterHandle, WriterState};

use crate::assembly::Assembly;
use crate::catalogue::Catalogue;
use crate::clock::SystemClock;
use crate::registry::Runs;
use crate::run::RunError;
use crate::testing::{decision, gated, somebody};

/// Longest that a test waits for a state; recovery alone may pause for two seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const POLL: Duration = Duration::from_millis(3);

/// A small gateway without an edge.
pub(super) struct Stage {
    pub(super) runs: Runs,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) writer: WriterHandle,
    arbiters: Vec<Arbiter>,
}

impl Stage {
    pub(super) fn start(backend: Arc<dyn Backend>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let assembly =
            Assembly::start_writer(backend.clone(), Box::new(NoPublisher), clock).unwrap();
        let writer = assembly.writer().clone();
        let mut catalogue = Catalogue::default();
        catalogue.insert(Arc::new(gated()));
        catalogue.insert(Arc::new(numbered()));
        writer.define_outputs(catalogue.definitions()).unwrap();
        let arbiters: Vec<Arbiter> = (0..2).map(|_| Arbiter::new()).collect();
        let handles = arbiters.iter().map(Arbiter::handle).collect();
        let runs = assembly.start_runs(Arc::new(catalogue), ApprovalPolicy::default(), handles);
        Self {
            runs,
            backend,
            writer,
            arbiters,
        }
    }

    /// Ends in good order, so that another owner can open the file.
    pub(super) fn stop(self) {
        self.runs.stop();
        self.writer.shutdown();
        for arbiter in self.arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    }

    /// Keeps the threads of all runs busy until the returned values are dropped.
    pub(super) fn stall(&self) -> Vec<Sender<()>> {
        let stall = |arbiter: &Arbiter| {
            let (go, wait) = channel::<()>();
            // It ends with an error once the sender is dropped.
            assert!(arbiter.spawn_fn(move || wait.recv().unwrap_or_default()));
            go
        };
        self.arbiters.iter().map(stall).collect()
    }

    pub(super) fn row(&self, run: &str) -> Option<RunRow> {
        self.backend
            .reader()
            .unwrap()
            .run(&RunId::from(run))
            .unwrap()
    }

    pub(super) fn event_count(&self, run: &str, name: &str) -> usize {
        let reader = self.backend.reader().unwrap();
        let events = reader.events(&RunId::from(run), None, 10_000).unwrap();
        events
            .iter()
            .filter(|event| event.type_name == name)
            .count()
    }

    pub(super) async fn approve(&self, run: &str) -> Result<(), RunError> {
        let gate = NodeKey::new("gate", 0);
        self.runs
            .decide(&RunId::from(run), gate, decision(true), somebody())
            .await
    }

    pub(super) async fn wait_for(&self, run: &str, status: RunStatus) -> RunRow {
        let reached = || self.row(run).filter(|row| row.status == status);
        wait(&format!("{run} to be {status:?}"), reached).await
    }

    pub(super) async fn wait_until_ready(&self) {
        let ready = || (self.writer.state() == WriterState::Ready).then_some(());
        wait("the database to be open again", ready).await;
    }

    pub(super) async fn wait_until_closed(&self) {
        let closed = || (self.runs.open_runs() == 0).then_some(());
        wait("all runs to leave memory", closed).await;
    }
}

/// Looks until there is something.
pub(super) async fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "still waiting for {what}");
        actix_rt::time::sleep(POLL).await;
    }
}

/// Stores the number of its input.
fn numbered() -> NativeWorkflow {
    let tables = vec![table(
        "output",
        [smithers_model::native::boolean("ok"), number("n")],
    )];
    NativeWorkflow::new("number", tables, |ctx, ui| {
        let n = ctx.input()["n"].clone();
        ui.workflow("number", |ui| {
            ui.task("store").value(&json!({ "ok": true, "n": n }));
        });
    })
}
