//! A run that waits: opened from its rows, rendered, found waiting and parked again.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::Arbiter;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::json;
use smithers_actors::assembly::Assembly;
use smithers_actors::catalogue::Catalogue;
use smithers_actors::clock::SystemClock;
use smithers_actors::registry::Runs;
use smithers_model::approval::OnDeny;
use smithers_model::native::{NativeWorkflow, boolean, number, table};
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::run::{Actor, RunAuth, RunConfig, RunStatus};
use smithers_model::step::Launch;
use smithers_model::{RawJson, RunId, Timestamp};
use smithers_store::testkit::ScratchDb;
use smithers_store::{Backend, NoPublisher};

const RUN: &str = "r";

fn park(c: &mut Criterion) {
    let mut group = c.benchmark_group("park");
    for tasks in [1_usize, 100] {
        group.bench_function(BenchmarkId::from_parameter(tasks), |bencher| {
            let system = actix_rt::System::new();
            let scratch = ScratchDb::new();
            let stage = system.block_on(Stage::set(&scratch, tasks));
            bencher.iter_custom(|times| system.block_on(stage.open_and_park(times)));
        });
    }
    group.finish();
}

/// A run that has done some tasks and waits for a person.
struct Stage {
    runs: Runs,
    backend: Arc<dyn Backend>,
}

impl Stage {
    async fn set(scratch: &ScratchDb, tasks: usize) -> Self {
        let backend: Arc<dyn Backend> = Arc::new(scratch.open());
        let clock = Arc::new(SystemClock);
        let assembly = Assembly::start_writer(backend.clone(), Box::new(NoPublisher), clock);
        let assembly = assembly.expect("the database can be written");
        let mut catalogue = Catalogue::default();
        catalogue.insert(Arc::new(workflow(tasks)));
        let tables = catalogue.definitions();
        let defined = assembly.writer().define_outputs(tables);
        defined.expect("the tables can be made");
        let arbiters = vec![Arbiter::new().handle()];
        let policy = ApprovalPolicy::default();
        let runs = assembly.start_runs(Arc::new(catalogue), policy, arbiters);
        runs.launch(launch()).await.expect("the launch is taken");
        let stage = Self { runs, backend };
        while stage.status() != RunStatus::WaitingApproval {
            actix_rt::task::yield_now().await;
        }
        stage.closed().await;
        stage
    }

    async fn open_and_park(&self, times: u64) -> Duration {
        let begun = Instant::now();
        for _ in 0..times {
            let taken_up = self.runs.take_up(&RUN.into()).await;
            taken_up.expect("a run that waits can be taken up");
            self.closed().await;
        }
        begun.elapsed()
    }

    async fn closed(&self) {
        while self.runs.open_runs() > 0 {
            actix_rt::task::yield_now().await;
        }
    }

    fn status(&self) -> RunStatus {
        let reader = self.backend.reader().expect("the database can be read");
        let row = reader.run(&RunId::from(RUN));
        row.expect("the run can be read").expect("it exists").status
    }
}

fn workflow(tasks: usize) -> NativeWorkflow {
    let tables = vec![
        table("output", [number("n")]),
        table("decision", [boolean("approved")]),
    ];
    NativeWorkflow::new("park", tables, move |_, ui| {
        ui.workflow("park", |ui| {
            for task in 0..tasks {
                ui.task(&format!("t{task}")).value(&json!({ "n": task }));
            }
            ui.task("gate")
                .output("decision")
                .approval("Go on?", OnDeny::Fail);
        });
    })
}

fn launch() -> Launch {
    let person = Actor {
        role: "operator".into(),
        holds_all: true,
        ..Actor::default()
    };
    Launch {
        run_id: RUN.into(),
        workflow_key: "park".into(),
        workflow_hash: None,
        system: false,
        input: RawJson::empty_object(),
        config: RunConfig {
            gateway_system: false,
            gateway_workflow_key: "park".into(),
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
        },
        actor: person,
        idempotency_key: None,
        firing: None,
        fork: None,
    }
}

criterion_group!(name = benches; config = support::quick(); targets = park);
criterion_main!(benches);
