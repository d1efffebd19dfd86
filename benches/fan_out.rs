//! Event fan-out: committed events of one run through hub, sessions and outboxes to 1, 10, 100 and 1,000 streams.

mod support;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use smithers_actors::hub::{HubBus, HubPublisher};
use smithers_model::NodeKey;
use smithers_model::event::{Event, StoredEvent};
use smithers_model::step::{Committed, StepWrite};
use smithers_store::testkit::{RunScript, commit};
use smithers_store::{Backend, CommittedStep, MemoryStore, Publisher};
use worker::{Peer, Worker};

/// Events of one commit; those of a task that finishes while the next one starts are three.
const EVENTS: usize = 3;

fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("fan_out");
    for readers in [1_usize, 10, 100, 1_000] {
        group.throughput(Throughput::Elements((readers * EVENTS) as u64));
        group.bench_function(BenchmarkId::from_parameter(readers), |bencher| {
            let system = actix_rt::System::new();
            let mut stage = system.block_on(Stage::set(readers));
            bencher.iter_custom(|commits| system.block_on(stage.publish(commits)));
        });
    }
    group.finish();
}

/// A run with readers.
struct Stage {
    publisher: HubPublisher,
    peers: Vec<Peer>,
    script: RunScript,
    position: u64,
}

impl Stage {
    async fn set(readers: usize) -> Self {
        let store = MemoryStore::default();
        let mut script = RunScript::new("r");
        let mut transactions = store.open_writer().expect("memory can be written");
        commit(&mut *transactions, script.launch()).expect("the launch is taken");
        let bus = Arc::new(HubBus::new(0));
        let (worker, hub) = Worker::start(Arc::new(store), &bus);
        let mut peers = Vec::new();
        for _ in 0..readers {
            peers.push(worker.stream("r", 0).await);
        }
        // What is published is not stored here: a stream that still read the store would wait for it.
        while hub.status().catching_up > 0 {
            actix_rt::task::yield_now().await;
        }
        Self {
            publisher: HubPublisher::new(bus),
            peers,
            script,
            position: 1,
        }
    }

    /// Publishes `commits` commits one after the other; each is over when every reader has its frames.
    async fn publish(&mut self, commits: u64) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..commits {
            let step = Arc::new(self.step());
            let begun = Instant::now();
            self.publisher.publish(&[step]);
            for peer in &mut self.peers {
                peer.take(EVENTS).await;
            }
            took += begun.elapsed();
        }
        took
    }

    /// What the writer would have committed.
    fn step(&mut self) -> CommittedStep {
        let node = NodeKey::new("task", 0);
        let events = vec![Event::NodePending { node }; EVENTS];
        let StepWrite { run_id, events, .. } = self.script.step(events, Vec::new());
        let first = self.position;
        self.position += EVENTS as u64;
        let stored = (first..).zip(events).map(|(position, event)| StoredEvent {
            position,
            run_id: run_id.clone(),
            seq: event.seq,
            stream_seq: event.stream_seq,
            state_version: Some(position),
            at: event.at,
            type_name: event.type_name.to_owned(),
            payload: event.payload,
        });
        CommittedStep {
            events: stored.collect(),
            run_id,
            numbers: Committed {
                first_position: first,
                first_state_version: first,
            },
        }
    }
}

criterion_group!(name = benches; config = support::quick(); targets = fan_out);
criterion_main!(benches);
