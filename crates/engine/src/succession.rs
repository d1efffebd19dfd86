//! Continuing as new: the run ends and another one goes on in its place (workflow-model 13.5).
//!
//! The new run is part of the step that ends the old one, under an id that follows from the chain, so that a crash
//! leaves either both or neither. A child goes on as a child: the task that it stands for waits for the last run of
//! the chain.

use smithers_model::command::Command;
use smithers_model::continuation::{ChainLink, Continuation, ContinueReason, MOST_STATE};
use smithers_model::error::ErrorInfo;
use smithers_model::event::{CancelReason, Event};
use smithers_model::history::{Change, Delta};
use smithers_model::run::{RunRow, RunStatus};
use smithers_model::step::{RowChange, Successor};
use smithers_model::tree::{Kind, TaskSpec};
use smithers_model::{RawJson, Timestamp};

use crate::frame::Frame;
use crate::node::Node;
use crate::state::RunState;

impl RunState {
    /// Ends the run where its workflow says so, once nothing is under way in it any more; nothing else starts
    /// meanwhile.
    pub(crate) fn hand_over(&mut self, frame: &Frame, index: usize, now: Timestamp) {
        if !self.running.is_empty() || self.open.is_full() {
            return;
        }
        let Kind::ContinueAsNew { state, fresh } = &frame.tree.elements()[index].kind else {
            return;
        };
        let size = state.as_str().len();
        if size > MOST_STATE {
            let message =
                format!("the state of ContinueAsNew has {size} bytes; {MOST_STATE} is the limit");
            return self.fail(ErrorInfo::coded("INVALID_INPUT", message), now);
        }
        let mut successor = self.successor(ContinueReason::Explicit, state.clone(), now);
        if *fresh {
            successor.keeps_rows = false;
            successor.loops.clear();
            successor.told.iteration = 0;
        }
        self.continue_as(successor, now);
    }

    /// Ends the run because a loop has had its share of passes; another one goes on in its place.
    pub(crate) fn continue_loop(&mut self, reason: ContinueReason, now: Timestamp) {
        let successor = self.successor(reason, RawJson::of(&()), now);
        self.continue_as(successor, now);
    }

    fn continue_as(&mut self, mut successor: Successor, now: Timestamp) {
        successor.baseline = baseline(&successor).pack();
        self.end_waits(CancelReason::RunContinued, "Run continued as new", now);
        let event = Event::RunContinuedAsNew {
            new_run_id: successor.row.run_id.clone(),
            iteration: successor.told.iteration,
            carried_state_size: successor.told.payload.as_str().len(),
            ancestry_depth: successor.told.depth,
        };
        self.end(RunStatus::Continued, event, now);
        self.open.command(Command::TakeUpNext {
            next: successor.row.run_id.clone(),
        });
        self.open.change(RowChange::ContinueAs(Box::new(successor)));
    }

    fn successor(&self, reason: ContinueReason, state: RawJson, now: Timestamp) -> Successor {
        let link = ChainLink::after(&self.run.run_id, self.run.chain.as_ref());
        let told = Continuation {
            parent_run_id: link.before.clone(),
            first_run_id: link.first.clone(),
            depth: link.depth,
            reason,
            iteration: self.passes().0,
            payload: state,
            timestamp_ms: now,
        };
        let row = RunRow {
            run_id: link.run_id(),
            parent: match self.run.tie {
                Some(_) => self.run.parent.clone(),
                None => Some(self.run.run_id.clone()),
            },
            chain: Some(link),
            status: RunStatus::Running,
            created_at: now,
            started_at: None,
            pause_requested_at: None,
            undo_within_ms: None,
            error: None,
            next_seq: 0,
            next_stream_seq: 1,
            next_frame_no: 1,
            ..self.run.clone()
        };
        Successor {
            row,
            keeps_rows: true,
            told,
            loops: self.loops.values().cloned().collect(),
            signals: self.inbox.left_over(),
            baseline: Delta::default().pack(),
        }
    }

    /// Lets a run of a chain begin without what came from the run before it.
    pub(crate) fn forget_continuation(&mut self) {
        if self.continuation.take().is_none() {
            return;
        }
        self.open.change(RowChange::ForgetContinuation);
        for (table, node) in std::mem::take(&mut self.carried) {
            if !self.nodes.contains_key(&node) {
                self.rows.retain(|row| row.node != node);
                self.rows_were_removed();
                self.open.change(RowChange::ForgetResults { node, table });
            }
        }
    }

    /// Makes a node finished whose row came from the run before. Returns false when there is none.
    pub(crate) fn take_over(&mut self, task: &TaskSpec, now: Timestamp) -> bool {
        let key = (task.output_table.clone(), task.node.clone());
        if !self.carried.contains(&key) {
            return false;
        }
        let node = Node::finished(task, now);
        self.open.put_node(node.row(&task.node));
        self.nodes.insert(task.node.clone(), node);
        self.standings.touch(&task.node);
        true
    }
}

/// What the history of the new run begins with: the state that its frame 0 stands for.
fn baseline(successor: &Successor) -> Delta {
    let loops = successor.loops.iter().cloned().map(Change::Loop);
    let signals = successor.signals.iter();
    let signals = signals.map(|signal| Change::SignalKept(signal.seq));
    Delta {
        changes: loops.chain(signals).chain([Change::Frame(0)]).collect(),
    }
}
