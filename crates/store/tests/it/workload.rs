//! Runs that write small whole steps, and what is checked of them whatever happens to the disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use smithers_model::event::{Event, StoredEvent};
use smithers_model::node::NodeState;
use smithers_model::step::StepWrite;
use smithers_model::{NodeKey, RunId};
use smithers_store::testkit::{RunScript, audit_record, node, output};
use smithers_store::{Backend, CommittedStep, Reader, first_break};

/// Runs of a workload.
pub(crate) const RUNS: [&str; 3] = ["r0", "r1", "r2"];

/// The runs with what they were told. A run goes on from its rows after an unknown outcome, as actors do.
pub(crate) struct Workload {
    scripts: BTreeMap<RunId, (RunScript, usize)>,
    /// Bytes in each output row.
    pub(crate) weight: usize,
    /// Events whose commit was acknowledged.
    pub(crate) acknowledged: Vec<StoredEvent>,
}

impl Workload {
    pub(crate) fn new(weight: usize) -> Self {
        let script = |id: &&str| (RunId::from(*id), (RunScript::new(id), 0));
        Self {
            scripts: RUNS.iter().map(script).collect(),
            weight,
            acknowledged: Vec::new(),
        }
    }

    /// The next step of a run: its launch, then one event, node, output and audit row each.
    pub(crate) fn step(&self, run: &RunId) -> StepWrite {
        let (script, done) = &self.scripts[run];
        let mut script = script.clone();
        if *done == 0 {
            return script.launch();
        }
        let id = format!("n{done}");
        let event = Event::NodePending {
            node: NodeKey::new(id.as_str(), 0),
        };
        let body = format!("{done}:{}", "x".repeat(self.weight));
        let changes = vec![
            node(&id, NodeState::Finished),
            output("finalNote", &id, &json!({"body": body})),
            audit_record("step", run),
        ];
        script.step(vec![event], changes)
    }

    /// How many steps of a run are done.
    pub(crate) fn done(&self, run: &RunId) -> usize {
        self.scripts[run].1
    }

    /// The step was acknowledged.
    pub(crate) fn committed(&mut self, step: &Arc<CommittedStep>) {
        self.acknowledged.extend(step.events.iter().cloned());
        let (script, done) = self.scripts.get_mut(&step.run_id).expect("our run");
        *done += 1;
        let last = step.events.last().expect("every step has an event");
        script.seq = last.seq + 1;
        script.stream_seq = last
            .stream_seq
            .map_or(script.stream_seq, |number| number + 1);
    }

    /// The outcome was unknown: goes on from the rows, which hold all of the step or nothing of it.
    pub(crate) fn read_back(&mut self, reader: &dyn Reader, run: &RunId) {
        let (script, done) = self.scripts.get_mut(run).expect("our run");
        let Some(rows) = reader.load_run(run).unwrap() else {
            assert_eq!(*done, 0, "an acknowledged launch is there");
            return;
        };
        script.seq = rows.row.next_seq;
        script.stream_seq = rows.row.next_stream_seq;
        *done = rows.nodes.len() + 1;
    }

    /// Checks that everything acknowledged is stored as it was told, and that every step is whole.
    pub(crate) fn check(&self, store: &dyn Backend) {
        let reader = store.reader().unwrap();
        let mut stored = BTreeMap::new();
        for run in self.scripts.keys() {
            let events = reader.events(run, None, 10_000).unwrap();
            check_whole(&*reader, run, &events);
            stored.extend(events.into_iter().map(|event| (event.position, event)));
        }
        for event in &self.acknowledged {
            assert_eq!(
                stored.get(&event.position),
                Some(event),
                "told, so it is there"
            );
        }
        let versions: Vec<u64> = stored
            .values()
            .filter_map(|event| event.state_version)
            .collect();
        let expected: Vec<u64> = (1..=versions.len() as u64).collect();
        assert_eq!(versions, expected, "versions have no hole");
        assert_eq!(reader.state_version().unwrap(), versions.len() as u64);
        assert_eq!(first_break(&reader.audit(0, 10_000).unwrap()), None);
    }
}

/// A run has the same number of everything, and its counters fit.
fn check_whole(reader: &dyn Reader, run: &RunId, events: &[StoredEvent]) {
    let Some(rows) = reader.load_run(run).unwrap() else {
        assert!(events.is_empty());
        return;
    };
    let steps = rows.nodes.len();
    assert_eq!(rows.outputs.len(), steps);
    assert_eq!(events.len(), steps + 1, "one event a step, and the launch");
    assert_eq!(rows.row.next_seq, events.len() as u64);
    assert_eq!(rows.row.next_stream_seq, steps as u64 + 1);
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (0..events.len() as u64).collect::<Vec<_>>());
}
