//! What a step changes, noted in the order in which it happens, for the history of the run (workflow-model 14.1).
//!
//! The rows of a step say how it ends; the history says how it came to that, so that the state at a frame in the
//! middle of a step can be had again.

use smithers_model::history::{Change, Delta};
use smithers_model::node::{AttemptRow, AttemptState, NodeRow};
use smithers_model::step::RowChange;

/// How far back an earlier state of the same node or attempt is looked for. It is near, or not worth a search.
const NEAR: usize = 16;

/// The history of the open step.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    delta: Delta,
}

impl History {
    /// Notes the newest state of a node; the one before it in the same frame counts no more.
    pub(crate) fn node(&mut self, row: &NodeRow) {
        let change = Change::Node {
            node: row.node.clone(),
            state: row.state,
            last_attempt: row.last_attempt.unwrap_or(0),
            updated_at: row.updated_at,
        };
        self.replace(
            |known| matches!(known, Change::Node { node, .. } if *node == row.node),
            change,
        );
    }

    /// Notes the newest state of an attempt. Signs of life of one under way are none.
    pub(crate) fn attempt(&mut self, row: &AttemptRow) {
        if row.state == AttemptState::InProgress && row.heartbeat.is_some() {
            return;
        }
        let change = Change::Attempt {
            node: row.node.clone(),
            attempt: row.attempt,
            state: row.state,
            retry_at: row.retry_at,
        };
        self.replace(
            |known| match known {
                Change::Attempt { node, attempt, .. } => {
                    *node == row.node && *attempt == row.attempt
                }
                _ => false,
            },
            change,
        );
    }

    /// Notes a change of rows, unless it is none of the run's state.
    pub(crate) fn note(&mut self, change: &RowChange) {
        let noted = match change {
            RowChange::PutFrame { frame, .. } => Change::Frame(frame.frame_no),
            RowChange::PutOutput(row) => Change::Output {
                table: row.table.clone(),
                node: row.node.clone(),
            },
            RowChange::ForgetResults { node, table } => Change::Forgotten {
                table: table.clone(),
                node: node.clone(),
            },
            RowChange::PutLoop(row) => Change::Loop(row.clone()),
            RowChange::RequestApproval(approval) => {
                self.delta
                    .changes
                    .push(Change::Asked(approval.node.clone()));
                let Some(decision) = &approval.decision else {
                    return;
                };
                Change::Decided {
                    node: approval.node.clone(),
                    approved: decision.approved,
                    at: decision.decided_at,
                }
            }
            RowChange::DecideApproval { node, decision } => Change::Decided {
                node: node.clone(),
                approved: decision.approved,
                at: decision.decided_at,
            },
            RowChange::WithdrawApproval { node } => Change::Withdrawn(node.clone()),
            RowChange::BeginWait(wait) => Change::WaitBegun(Box::new(wait.clone())),
            RowChange::EndWait(node) => Change::WaitEnded(node.clone()),
            RowChange::AddSignal(signal) => {
                self.mark(Change::SignalKept(signal.seq));
                let Some(node) = signal.taken_by.clone() else {
                    return;
                };
                let seq = signal.seq;
                Change::SignalTaken { seq, node }
            }
            RowChange::TakeSignal { seq, node } => Change::SignalTaken {
                seq: *seq,
                node: node.clone(),
            },
            _ => return,
        };
        self.delta.changes.push(noted);
    }

    /// Notes a change that no change of rows tells of.
    pub(crate) fn mark(&mut self, change: Change) {
        self.delta.changes.push(change);
    }

    /// Ends the history of the step.
    pub(crate) fn take(&mut self) -> Option<RowChange> {
        let delta = std::mem::take(&mut self.delta);
        (!delta.changes.is_empty()).then(|| RowChange::KeepDelta(delta.pack()))
    }

    /// Puts `change` in the place of one that `is_same` finds after the newest frame, else at the end.
    fn replace(&mut self, is_same: impl Fn(&Change) -> bool, change: Change) {
        let changes = &mut self.delta.changes;
        let newest = changes.iter_mut().rev().take(NEAR);
        let mut of_this_frame = newest.take_while(|known| !matches!(known, Change::Frame(_)));
        match of_this_frame.find(|known| is_same(known)) {
            Some(known) => *known = change,
            None => changes.push(change),
        }
    }
}
