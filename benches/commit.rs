//! The commit path: steps of three events through the writer to disk, by one run and by fifty at once.

mod support;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use smithers_actors::clock::SystemClock;
use smithers_model::NodeKey;
use smithers_model::event::Event;
use smithers_model::node::NodeState;
use smithers_model::step::StepWrite;
use smithers_store::testkit::{RunScript, ScratchDb, definition, node, output};
use smithers_store::{
    Durability, NoPublisher, SqliteStore, StepOutcome, Writer, WriterHandle, WriterOptions,
};

fn commits(c: &mut Criterion) {
    let mut group = c.benchmark_group("commit");
    for (durability, word) in [(Durability::Normal, "normal"), (Durability::Full, "full")] {
        for runs in [1_usize, 50] {
            group.throughput(Throughput::Elements(runs as u64));
            group.bench_function(BenchmarkId::new(word, runs), |bencher| {
                let mut stage = Stage::set(durability, runs);
                bencher.iter_custom(|rounds| stage.commit(rounds));
            });
        }
    }
    group.finish();
}

/// Runs that commit.
struct Stage {
    writer: WriterHandle,
    scripts: Vec<RunScript>,
    done: u64,
    /// The file goes with it.
    _scratch: ScratchDb,
}

impl Stage {
    fn set(durability: Durability, runs: usize) -> Self {
        let scratch = ScratchDb::new();
        let mut options = scratch.options();
        options.durability = durability;
        let store = Arc::new(SqliteStore::open(&options).expect("the database opens"));
        let options = WriterOptions::new(Arc::new(SystemClock));
        let writer = Writer::spawn(store, Box::new(NoPublisher), options);
        let writer = writer.expect("the database can be written");
        let tables = writer.define_outputs(vec![definition()]);
        tables.expect("the tables can be made");
        let mut stage = Self {
            writer,
            scripts: (0..runs)
                .map(|at| RunScript::new(&format!("r{at}")))
                .collect(),
            done: 0,
            _scratch: scratch,
        };
        stage.all(RunScript::launch);
        stage
    }

    /// Lets every run commit `rounds` steps; a run sends its next one when all have theirs.
    fn commit(&mut self, rounds: u64) -> Duration {
        let begun = Instant::now();
        for _ in 0..rounds {
            self.done += 1;
            let id = format!("t{}", self.done);
            self.all(|script| finish(script, &id));
        }
        begun.elapsed()
    }

    fn all(&mut self, step: impl Fn(&mut RunScript) -> StepWrite) {
        let (tell, told) = channel();
        for script in &mut self.scripts {
            submit(&self.writer, step(script), tell.clone());
        }
        drop(tell);
        for outcome in told {
            assert!(matches!(outcome, StepOutcome::Committed(_)), "{outcome:?}");
        }
    }
}

fn submit(writer: &WriterHandle, step: StepWrite, tell: Sender<StepOutcome>) {
    // The receiver waits until every sender is gone.
    let reply = Box::new(move |outcome| drop(tell.send(outcome)));
    writer.submit(step, reply).expect("the writer is ready");
}

/// The step of a task that is mounted, starts and finishes: three events, its node and its output.
fn finish(script: &mut RunScript, id: &str) -> StepWrite {
    let key = || NodeKey::new(id, 0);
    let events = vec![
        Event::NodePending { node: key() },
        Event::NodePending { node: key() },
        Event::NodePending { node: key() },
    ];
    let row = output("finalNote", id, &json!({"body": "done"}));
    script.step(events, vec![node(id, NodeState::Finished), row])
}

criterion_group!(name = benches; config = support::quick(); targets = commits);
criterion_main!(benches);
