//! A frame: rendered by the module's own code and decoded to a tree, flat and with nested components.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use smithers_model::output::OutputRow;
use smithers_model::workflow::{RenderInput, Workflow, WorkflowSession};
use smithers_model::{NodeKey, RawJson};
use smithers_script::{HostOptions, ScriptHost};

fn render(c: &mut Criterion) {
    let host = ScriptHost::start(HostOptions::default()).expect("the host starts");
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/fixtures/render.tsx");
    let module = host.load(&module).expect("the module loads");
    let system = actix_rt::System::new();
    for shape in ["flat", "nested"] {
        let mut group = c.benchmark_group(format!("render/{shape}"));
        for tasks in [10_u64, 100, 1_000] {
            let mut workflows = module.workflows.iter();
            let workflow = workflows.find(|one| one.definition().key.as_str() == shape);
            let workflow = workflow.expect("the module registers it");
            group.throughput(Throughput::Elements(tasks));
            group.bench_function(BenchmarkId::from_parameter(tasks), |bencher| {
                let mut run = Run::open(&**workflow, tasks);
                bencher.iter_custom(|frames| system.block_on(run.render(frames)));
            });
        }
        group.finish();
    }
}

/// A run that renders one frame after the other, each with the output of one more task.
struct Run {
    session: Box<dyn WorkflowSession>,
    tasks: u64,
    finished: u64,
}

impl Run {
    fn open(workflow: &dyn Workflow, tasks: u64) -> Self {
        Self {
            session: workflow.open(&"r".into()),
            tasks,
            finished: 0,
        }
    }

    async fn render(&mut self, frames: u64) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..frames {
            let input = self.input();
            let begun = Instant::now();
            let tree = self.session.render(input).await;
            took += begun.elapsed();
            tree.expect("the frame renders");
        }
        took
    }

    fn input(&mut self) -> RenderInput {
        let finished = self.finished % self.tasks;
        self.finished += 1;
        let row = OutputRow {
            table: "result".into(),
            node: NodeKey::new(format!("t{finished}").as_str(), 0),
            payload: RawJson::of(&json!({ "n": finished })),
        };
        RenderInput {
            run_id: "r".into(),
            input: RawJson::of(&json!({ "n": self.tasks })),
            auth: None,
            continuation: None,
            iteration: 0,
            iterations: BTreeMap::new(),
            patches: Default::default(),
            stale: Vec::new(),
            new_rows: vec![Arc::new(row)],
        }
    }
}

criterion_group!(name = benches; config = support::quick(); targets = render);
criterion_main!(benches);
