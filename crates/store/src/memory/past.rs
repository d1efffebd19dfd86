//! The history of a run, and its rewinds.

use std::collections::BTreeMap;

use smithers_model::history::{SnapshotBuilder, StoredDelta};
use smithers_model::output::OutputRow;
use smithers_model::rewind::{Branch, RewindResult, Rewound, TimeTravelRow};
use smithers_model::score::ScoringKey;
use smithers_model::{NodeKey, RunId, Timestamp};

use super::read::MemoryReader;
use super::state::{Output, Run, State};
use crate::error::Error;
use crate::read::{HistoryReader, ReadResult, StoredSnapshot};

/// What came before.
#[derive(Clone, Default)]
pub(super) struct Past {
    deltas: Vec<StoredDelta>,
    /// Place of the first output row of the newest step.
    pub(super) first_clock: u64,
    /// Rows that have left their table, by place.
    undone: BTreeMap<u64, OutputRow>,
}

impl Past {
    pub(super) fn keep(&mut self, bytes: Vec<u8>) {
        self.deltas.push(StoredDelta {
            n: self.deltas.len() as u64 + 1,
            first_clock: self.first_clock,
            bytes,
        });
    }

    fn cut(&mut self, rewound: &Rewound) {
        let kept = usize::try_from(rewound.deltas_kept).unwrap_or(usize::MAX);
        self.deltas.truncate(kept);
        if let (Some(last), Some(beginning)) = (self.deltas.last_mut(), &rewound.last_delta) {
            last.bytes.clone_from(&beginning.bytes);
        }
    }
}

impl Output {
    /// Its place in the order of completion.
    fn place(&self) -> u64 {
        self.completed - 1
    }
}

impl State {
    /// Undoes what a node came to; the history keeps its row.
    pub(super) fn forget_results(&mut self, run_id: &RunId, node: &NodeKey, table: String) {
        let run = self.runs.get(run_id).expect("the check found the run");
        let stored = run.outputs.get(&(table.clone(), node.clone()));
        let kept = stored.and_then(|output| {
            let row = self.decode(&table, node, output)?;
            Some((output.place(), row))
        });
        let run = self.runs.get_mut(run_id).expect("the check found the run");
        run.past.undone.extend(kept);
        run.forget_results(node, table);
    }

    /// Makes the rows of the run those of a frame.
    pub(super) fn rewind(&mut self, run_id: &RunId, rewound: Rewound) {
        let back = rewound.outputs_back.iter().filter_map(|(place, row)| {
            let output = Output {
                completed: place + 1,
                cells: self.encode_row(row).ok()?,
            };
            Some(((row.table.clone(), row.node.clone()), output))
        });
        let back: Vec<_> = back.collect();
        let run = self.runs.get_mut(run_id).expect("the check found the run");
        run.past.cut(&rewound);
        run.frames.retain(|number, _| *number <= rewound.frame_no);
        for node in &rewound.nodes_gone {
            run.nodes.remove(node);
        }
        for attempt in &rewound.attempts_gone {
            run.attempts.remove(attempt);
        }
        let is_gone = |key: &ScoringKey| {
            rewound
                .attempts_gone
                .iter()
                .any(|(node, attempt)| *node == key.node && *attempt == key.attempt)
        };
        run.scorings.retain(|key, _| !is_gone(key));
        for output in &rewound.outputs_gone {
            run.outputs.remove(output);
        }
        run.outputs.extend(back);
        let loops = rewound.loops.into_iter();
        run.loops = loops.map(|row| (row.id.clone(), row)).collect();
        run.held_waits.clear();
        let waits = rewound.waits.into_iter();
        run.waits = waits.map(|wait| (wait.node.clone(), wait)).collect();
        run.decide_again(&rewound.decisions_back);
        run.signals.retain(|seq, _| *seq < rewound.signals_from);
        for seq in &rewound.signals_untaken {
            if let Some(signal) = run.signals.get_mut(seq) {
                signal.taken_by = None;
            }
        }
    }

    /// Adds a try to the trail, or says how one that was under way has ended.
    pub(super) fn record_rewind(&mut self, row: TimeTravelRow) {
        let is_open = |known: &&mut TimeTravelRow| {
            known.op == row.op && known.result == RewindResult::InProgress
        };
        match self.rewinds.iter_mut().find(is_open) {
            Some(open) => (open.result, open.duration_ms) = (row.result, row.duration_ms),
            None => self.rewinds.push(row),
        }
    }
}

impl Run {
    /// Decisions of the record count again. Memory keeps the newest of each node only.
    fn decide_again(&mut self, decisions: &[(NodeKey, bool, Timestamp)]) {
        for (node, approved, at) in decisions {
            let withdrawn = self.withdrawn.remove(node);
            let Some(mut approval) = withdrawn.or_else(|| self.approvals.remove(node)) else {
                continue;
            };
            if let Some(decision) = &mut approval.decision {
                (decision.approved, decision.decided_at) = (*approved, *at);
            }
            self.approvals.insert(node.clone(), approval);
            self.lapses.remove(node);
        }
    }
}

impl HistoryReader for MemoryReader {
    fn snapshot(&self, run: &RunId, frame_no: u64) -> ReadResult<Option<StoredSnapshot>> {
        let deltas = self.run_or_default(run, |_, run| run.past.deltas.clone());
        let mut builder = SnapshotBuilder::new(frame_no);
        for delta in &deltas {
            let added = builder.add(delta);
            if added.map_err(|error| Error::damaged("history", error))? {
                break;
            }
        }
        Ok(builder.finish())
    }

    fn output_places(&self, run: &RunId) -> ReadResult<Vec<(u64, String, NodeKey)>> {
        let mut places = self.run_or_default(run, |_, run| {
            let outputs = run.outputs.iter();
            let places = outputs
                .map(|((table, node), output)| (output.place(), table.clone(), node.clone()));
            places.collect::<Vec<_>>()
        });
        places.sort();
        Ok(places)
    }

    fn undone_output(&self, run: &RunId, place: u64) -> ReadResult<Option<OutputRow>> {
        Ok(self.run_or_default(run, |_, run| run.past.undone.get(&place).cloned()))
    }

    fn rewind_tries(&self, run: &RunId, caller: &str, since: Timestamp) -> ReadResult<u64> {
        let state = self.0.read();
        let counts = |row: &&TimeTravelRow| {
            let is_try = matches!(
                row.result,
                RewindResult::Success | RewindResult::Failed | RewindResult::Partial
            );
            row.run_id == *run && row.caller == caller && row.at > since && is_try
        };
        Ok(state.rewinds.iter().filter(counts).count() as u64)
    }

    fn rewinds(&self, run: &RunId, limit: usize) -> ReadResult<Vec<TimeTravelRow>> {
        let state = self.0.read();
        let of_run = state.rewinds.iter().filter(|row| row.run_id == *run);
        let mut rows: Vec<TimeTravelRow> = of_run.rev().cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        rows.truncate(limit);
        Ok(rows)
    }

    fn branch(&self, run: &RunId) -> ReadResult<Option<Branch>> {
        let state = self.0.read();
        let of_run = state.branches.iter().find(|branch| branch.run_id == *run);
        Ok(of_run.cloned())
    }

    fn branches_of(&self, run: &RunId, limit: usize) -> ReadResult<Vec<Branch>> {
        let state = self.0.read();
        let copies = state.branches.iter();
        let copies = copies.filter(|branch| branch.parent_run_id == *run);
        let mut copies: Vec<Branch> = copies.cloned().collect();
        copies.sort_by_key(|copy| (copy.parent_frame_no, copy.created_at, copy.run_id.clone()));
        copies.truncate(limit);
        Ok(copies)
    }

    fn open_rewinds(&self, limit: usize) -> ReadResult<Vec<TimeTravelRow>> {
        let state = self.0.read();
        let is_open = |row: &&TimeTravelRow| row.result == RewindResult::InProgress;
        Ok(state
            .rewinds
            .iter()
            .filter(is_open)
            .take(limit)
            .cloned()
            .collect())
    }
}
