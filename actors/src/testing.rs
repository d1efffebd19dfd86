//! What the tests of this crate share: a small gateway of actors on a memory store.

use std::sync::Arc;
use std::time::Duration;

use actix::Arbiter;
use serde_json::json;
use smithers_model::approval::{Decision, OnDeny};
use smithers_model::event::StoredEvent;
use smithers_model::native::{NativeWorkflow, Ui, boolean, number, table};
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::run::{Actor as Person, RunAuth, RunConfig, RunRow, RunStatus};
use smithers_model::step::Launch;
use smithers_model::time::Clock;
use smithers_model::workflow::Workflow;
use smithers_model::{RawJson, RunId, Timestamp};
use smithers_store::writer::NoPublisher;
use smithers_store::{Backend, MemoryStore, WriterHandle};

use crate::assembly::Assembly;
use crate::catalogue::Catalogue;
use crate::clock::SystemClock;
use crate::registry::Runs;

/// Longest that a test waits for a state.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs on a memory store.
pub(crate) struct Bench {
    pub(crate) runs: Runs,
    pub(crate) store: MemoryStore,
    pub(crate) writer: WriterHandle,
}

impl Bench {
    /// Starts actors over `store`, which may hold runs of an earlier bench.
    pub(crate) fn start(store: MemoryStore, workflows: Vec<NativeWorkflow>) -> Self {
        let shared = |workflow| Arc::new(workflow) as Arc<dyn Workflow>;
        Self::of(store, workflows.into_iter().map(shared).collect())
    }

    /// As [`start`](Self::start), with workflows of any kind.
    pub(crate) fn of(store: MemoryStore, workflows: Vec<Arc<dyn Workflow>>) -> Self {
        Self::on(store, workflows, Arc::new(SystemClock))
    }

    /// As [`of`](Self::of), with a clock of the test.
    pub(crate) fn on(
        store: MemoryStore,
        workflows: Vec<Arc<dyn Workflow>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let backend: Arc<dyn Backend> = Arc::new(store.clone());
        let assembly = Assembly::start_writer(backend, Box::new(NoPublisher), clock).unwrap();
        let writer = assembly.writer().clone();
        let mut catalogue = Catalogue::default();
        for workflow in workflows {
            catalogue.insert(workflow);
        }
        writer.define_outputs(catalogue.definitions()).unwrap();
        let arbiters = (0..2).map(|_| Arbiter::new().handle()).collect();
        let runs = assembly.start_runs(Arc::new(catalogue), ApprovalPolicy::default(), arbiters);
        Self {
            runs,
            store,
            writer,
        }
    }

    /// Waits until run `run_id` satisfies `wanted` and returns its row.
    pub(crate) async fn wait(&self, run_id: &str, wanted: impl Fn(&RunRow) -> bool) -> RunRow {
        let id = RunId::from(run_id);
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let row = self.store.reader().unwrap().run(&id).unwrap();
            match row {
                Some(row) if wanted(&row) => return row,
                row => assert!(
                    std::time::Instant::now() < deadline,
                    "{run_id} is still {row:?}"
                ),
            }
            actix_rt::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) async fn wait_for(&self, run_id: &str, status: RunStatus) -> RunRow {
        self.wait(run_id, |row| row.status == status).await
    }

    /// The whole log of a run.
    pub(crate) fn events(&self, run_id: &str) -> Vec<StoredEvent> {
        self.store
            .reader()
            .unwrap()
            .events(&run_id.into(), None, 10_000)
            .unwrap()
    }

    /// The log as short text, one event a line, without frames.
    pub(crate) fn story(&self, run_id: &str) -> String {
        let mut lines = Vec::new();
        for event in self
            .events(run_id)
            .iter()
            .filter(|event| event.type_name != "FrameCommitted")
        {
            let payload = event.payload.value();
            let node = payload["nodeId"]
                .as_str()
                .map(|node| format!(" {node}"))
                .unwrap_or_default();
            let attempt = payload["attempt"]
                .as_u64()
                .map(|n| format!(" #{n}"))
                .unwrap_or_default();
            lines.push(format!("{}{node}{attempt}", event.type_name));
        }
        lines.join("\n")
    }

    /// Waits until no run is in memory.
    pub(crate) async fn wait_until_closed(&self) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.runs.open_runs() > 0 {
            assert!(std::time::Instant::now() < deadline, "a run stays open");
            actix_rt::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A workflow whose tasks store `{ok, n}` in the table `output`.
pub(crate) fn workflow(
    key: &str,
    children: impl Fn(&mut Ui) + Send + Sync + 'static,
) -> NativeWorkflow {
    let name = key.to_owned();
    let decision = table("decision", [boolean("approved")]);
    let tables = vec![table("output", [boolean("ok"), number("n")]), decision];
    NativeWorkflow::new(key, tables, move |_, ui| {
        ui.workflow(&name, |ui| children(ui))
    })
}

/// `n` static tasks one after another: `t0`, `t1`…
pub(crate) fn chain(n: usize) -> NativeWorkflow {
    workflow("chain", move |ui| {
        for i in 0..n {
            ui.task(&format!("t{i}"))
                .value(&json!({"ok": true, "n": i}));
        }
    })
}

/// Works, asks, works again.
pub(crate) fn gated() -> NativeWorkflow {
    workflow("gated", |ui| {
        ui.task("before").value(&json!({ "ok": true, "n": 0 }));
        ui.task("gate")
            .output("decision")
            .approval("Go on?", OnDeny::Fail);
        ui.task("after")
            .compute(|| Box::pin(async { Ok(json!({ "ok": true, "n": 1 })) }));
    })
}

pub(crate) fn launch(workflow: &str, run_id: &str) -> Launch {
    let person = somebody();
    let config = RunConfig {
        gateway_system: false,
        gateway_workflow_key: workflow.into(),
        gateway_triggered_by: person.triggered_by().into(),
        max_concurrency: None,
        root_dir: ".".into(),
        allow_network: false,
        max_output_bytes: 200_000,
        tool_timeout_ms: 60_000,
        auth: RunAuth {
            triggered_by: person.triggered_by().into(),
            scopes: person.scopes.clone(),
            role: person.role.clone(),
            token_id: None,
            created_at: Timestamp(0).to_iso(),
        },
        subflow: None,
        patches: Default::default(),
        started_by: None,
        rerun_of: None,
    };
    Launch {
        run_id: run_id.into(),
        workflow_key: workflow.into(),
        workflow_hash: None,
        system: false,
        input: RawJson::empty_object(),
        config,
        actor: person,
        idempotency_key: None,
        firing: None,
        fork: None,
    }
}

pub(crate) fn somebody() -> Person {
    Person {
        user_id: Some("user:test".into()),
        role: "operator".into(),
        holds_all: true,
        ..Person::default()
    }
}

pub(crate) fn decision(approved: bool) -> Decision {
    Decision {
        approved,
        note: None,
        decided_by: Some("user:test".into()),
        token_id: None,
        value: None,
        request_digest: None,
        decided_at: SystemClock.now(),
    }
}
