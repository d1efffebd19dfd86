//! The history of a run as the store keeps it, checked against its rows after every step, and rewinds.

use std::collections::BTreeMap;

use smithers_model::NodeKey;
use smithers_model::approval::Approval;
use smithers_model::fact::Fact;
use smithers_model::history::{
    ApprovalMark, AttemptMark, NodeMark, PackedDelta, Snapshot, StoredDelta,
};
use smithers_model::node::AttemptState;
use smithers_model::output::OutputRow;
use smithers_model::rewind::{EffectBoundary, RewindRequest, Rewound, TimeTravelRow};

use super::store::Store;
use super::world::{World, operator};

/// What came before.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Past {
    deltas: Vec<StoredDelta>,
    /// What they add up to.
    summed: Snapshot,
    /// Places of the output rows, in the order of completion.
    places: BTreeMap<(String, NodeKey), u64>,
    next_place: u64,
    /// Place of the first row of the open step.
    first_place: u64,
    /// Rows that were undone.
    undone: Vec<(u64, OutputRow)>,
    /// Approvals that were withdrawn, with what was decided.
    pub(super) withdrawn: Vec<Approval>,
    /// A test has made rows up, which no history tells of.
    pub(crate) is_made_up: bool,
    /// Rewinds.
    pub(crate) trail: Vec<TimeTravelRow>,
}

impl Past {
    /// A step begins.
    pub(super) fn begin_step(&mut self) {
        self.first_place = self.next_place;
    }

    pub(super) fn put_output(&mut self, row: &OutputRow) {
        let key = (row.table.clone(), row.node.clone());
        self.places.insert(key, self.next_place);
        self.next_place += 1;
    }

    /// Keeps a row that leaves its table.
    pub(super) fn undo_output(&mut self, row: &OutputRow) {
        let key = (row.table.clone(), row.node.clone());
        if let Some(place) = self.places.remove(&key) {
            self.undone.push((place, row.clone()));
        }
    }

    pub(super) fn keep(&mut self, delta: &PackedDelta) {
        let stored = StoredDelta {
            n: self.deltas.len() as u64 + 1,
            first_clock: self.first_place,
            bytes: delta.bytes.clone(),
        };
        self.summed
            .extend(&stored)
            .expect("what was packed is read");
        self.deltas.push(stored);
    }

    fn cut(&mut self, rewound: &Rewound) {
        let kept = usize::try_from(rewound.deltas_kept).expect("few deltas");
        self.deltas.truncate(kept);
        if let (Some(last), Some(beginning)) = (self.deltas.last_mut(), &rewound.last_delta) {
            last.bytes.clone_from(&beginning.bytes);
        }
        self.summed = Snapshot::default();
        for stored in &self.deltas {
            self.summed.extend(stored).expect("what was packed is read");
        }
    }
}

impl Store {
    /// The rows become those of the frame.
    pub(super) fn rewind(&mut self, rewound: &Rewound) {
        self.past.cut(rewound);
        self.frames
            .retain(|frame| frame.frame_no <= rewound.frame_no);
        self.nodes
            .retain(|key, _| !rewound.nodes_gone.contains(key));
        self.attempts
            .retain(|key, _| !rewound.attempts_gone.contains(key));
        for (table, node) in &rewound.outputs_gone {
            self.outputs.retain(|row| row.node != *node);
            self.past.places.remove(&(table.clone(), node.clone()));
        }
        for (place, row) in &rewound.outputs_back {
            self.outputs.push((**row).clone());
            let key = (row.table.clone(), row.node.clone());
            self.past.places.insert(key, *place);
            self.past.undone.retain(|(undone, _)| undone != place);
        }
        let places = self.past.places.clone();
        let place = |row: &OutputRow| places[&(row.table.clone(), row.node.clone())];
        self.outputs.sort_by_key(place);
        self.loops = rewound
            .loops
            .iter()
            .map(|row| (row.id.clone(), row.clone()))
            .collect();
        self.waits = rewound
            .waits
            .iter()
            .map(|wait| (wait.node.clone(), wait.clone()))
            .collect();
        for (node, approved, at) in &rewound.decisions_back {
            let is_meant = |known: &&Approval| {
                let decision = known.decision.as_ref();
                let is_so =
                    decision.is_some_and(|it| it.approved == *approved && it.decided_at == *at);
                known.node == *node && is_so
            };
            let found = self.past.withdrawn.iter().find(is_meant);
            let found = found.expect("what was decided is kept").clone();
            self.approvals.insert(node.clone(), found);
        }
        self.signals
            .retain(|signal| signal.seq < rewound.signals_from);
        for signal in &mut self.signals {
            if rewound.signals_untaken.contains(&signal.seq) {
                signal.taken_by = None;
            }
        }
    }

    /// The history says what the rows say.
    pub(super) fn check_history(&self) {
        if self.past.is_made_up {
            return;
        }
        let summed = &self.past.summed;
        let nodes = self.nodes.iter().map(|(key, row)| {
            let mark = NodeMark {
                state: row.state,
                last_attempt: row.last_attempt.unwrap_or(0),
                updated_at: row.updated_at,
            };
            (key.clone(), mark)
        });
        assert_eq!(summed.nodes, nodes.collect(), "nodes of the history");
        let attempts = self
            .attempts
            .iter()
            .map(|(key, row)| (key.clone(), row.state));
        let states = |(key, mark): (&(NodeKey, u32), &AttemptMark)| (key.clone(), mark.state);
        let noted: BTreeMap<(NodeKey, u32), AttemptState> =
            summed.attempts.iter().map(states).collect();
        assert_eq!(noted, attempts.collect(), "attempts of the history");
        let carried = |place: &u64| *place < summed.own_from;
        let own = self.past.places.iter().filter(|(_, place)| !carried(place));
        let own = own.map(|(key, place)| (key.clone(), *place));
        assert_eq!(summed.outputs, own.collect(), "rows of the history");
        assert_eq!(summed.loops, self.loops, "loops of the history");
        assert_eq!(summed.waits, self.waits, "waits of the history");
        assert_eq!(
            summed.signals,
            self.signals.len() as u64,
            "signals of the history"
        );
        let approvals = self.approvals.iter().map(|(key, approval)| {
            let mark = match &approval.decision {
                Some(decision) => ApprovalMark::Decided {
                    approved: decision.approved,
                    at: decision.decided_at,
                },
                None => ApprovalMark::Asked,
            };
            (key.clone(), mark)
        });
        assert_eq!(
            summed.approvals,
            approvals.collect(),
            "approvals of the history"
        );
    }
}

impl World {
    /// Somebody takes the run back to a frame.
    pub(crate) fn rewind(&mut self, frame_no: u64) -> Result<(), smithers_engine::Refusal> {
        let request = self.rewind_request(frame_no);
        self.accept(Fact::RewindRequested(Box::new(request)))
    }

    fn rewind_request(&self, frame_no: u64) -> RewindRequest {
        let past = &self.store.past;
        let snapshot = Snapshot::at(frame_no, past.deltas.clone()).expect("the history is read");
        let snapshot = snapshot.unwrap_or_default();
        let last = usize::try_from(snapshot.deltas)
            .expect("few deltas")
            .checked_sub(1);
        let places = past.places.iter();
        RewindRequest {
            frame_no,
            actor: operator(),
            accept_change: false,
            op: "op-1".into(),
            begun_at: self.now,
            past: smithers_model::rewind::Past {
                last_delta: last.map(|last| past.deltas[last].clone()),
                snapshot,
                attempts: self.store.attempts.values().cloned().collect(),
                places: places
                    .map(|((table, node), place)| (*place, table.clone(), node.clone()))
                    .collect(),
                undone: past.undone.clone(),
            },
            boundary: EffectBoundary::default(),
            reverted: Vec::new(),
        }
    }

    /// The rows are not what is in memory: the run is read back and taken up.
    pub(super) fn read_back(&mut self) {
        self.crash();
        self.closed = false;
        self.state
            .accept(Fact::TakenUp, self.now)
            .expect("a rewound run goes on");
    }
}
