//! Replay: one stream reads ten thousand events of a run, from memory and from the database.

mod support;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smithers_actors::hub::HubBus;
use smithers_model::NodeKey;
use smithers_model::event::Event;
use smithers_store::testkit::{RunScript, ScratchDb, commit};
use smithers_store::{Backend, MemoryStore};
use worker::Worker;

/// Events of the run.
const EVENTS: usize = 10_000;
/// Events of one step.
const STEP: usize = 100;

fn replay(c: &mut Criterion) {
    let scratch = ScratchDb::new();
    let stores: [(&str, Arc<dyn Backend>); 2] = [
        ("memory", Arc::new(MemoryStore::default())),
        ("database", Arc::new(scratch.open())),
    ];
    let mut group = c.benchmark_group("replay");
    group.throughput(Throughput::Elements(EVENTS as u64));
    for (word, store) in stores {
        fill(&*store);
        group.bench_function(word, |bencher| {
            let system = actix_rt::System::new();
            let (worker, _) =
                system.block_on(async { Worker::start(store.clone(), &HubBus::new(0)) });
            bencher.iter_custom(|times| system.block_on(read(&worker, times)));
        });
    }
    group.finish();
}

/// Writes the run.
fn fill(store: &dyn Backend) {
    let mut transactions = store.open_writer().expect("the store can be written");
    let mut script = RunScript::new("r");
    commit(&mut *transactions, script.launch()).expect("the launch is taken");
    for at in 0..EVENTS / STEP {
        let node = NodeKey::new(format!("task-{at}").as_str(), 0);
        let step = script.step(vec![Event::NodePending { node }; STEP], Vec::new());
        commit(&mut *transactions, step).expect("the step is taken");
    }
}

async fn read(worker: &Worker, times: u64) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..times {
        let begun = Instant::now();
        worker.stream("r", 0).await.take(EVENTS).await;
        took += begun.elapsed();
    }
    took
}

criterion_group!(name = benches; config = support::quick(); targets = replay);
criterion_main!(benches);
