//! Forks: a new run begins as a copy of another one as it was at a frame (workflow-model 14.3).
//!
//! The copy is part of the step that makes the run, and is what its frame 0 stands for, so that the run can be taken
//! back to its beginning. What was under way at the frame begins again; approvals that were open are asked again.

use std::collections::BTreeMap;
use std::sync::Arc;

use smithers_model::history::{ApprovalMark, Change};
use smithers_model::node::{NodeRow, NodeState};
use smithers_model::output::OutputRow;
use smithers_model::rewind::{Branch, Fork, Past};
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::{NodeKey, RunId, Timestamp};

use crate::history::History;
use crate::rewind::attempts::restored;
use crate::rewind::{state_again, waits};

/// The status that the run begins in.
pub(crate) fn status(fork: &Fork) -> RunStatus {
    match fork.starts {
        true => RunStatus::Running,
        false => RunStatus::Paused,
    }
}

/// The rows of the new run `run`, in order, with the beginning of its history last.
pub(crate) fn rows(fork: &Fork, run: &RunId, now: Timestamp) -> Vec<RowChange> {
    let mut changes = vec![RowChange::PutBranch(Branch {
        run_id: run.clone(),
        parent_run_id: fork.parent.clone(),
        parent_frame_no: fork.frame_no,
        label: fork.label.clone(),
        description: fork.description.clone(),
        created_at: now,
    })];
    let mut history = History::default();
    let copies = nodes(fork)
        .chain(attempts(fork, now))
        .chain(outputs(fork))
        .chain(
            fork.past
                .snapshot
                .loops
                .values()
                .cloned()
                .map(RowChange::PutLoop),
        )
        .chain(approvals(fork, run))
        .chain(open_waits(fork))
        .chain(signals(fork));
    for change in copies {
        match &change {
            RowChange::PutNode(row) => history.node(row),
            RowChange::PutAttempt(row) => history.attempt(row),
            other => history.note(other),
        }
        changes.push(change);
    }
    if !fork.starts {
        changes.push(RowChange::HoldDueTimes(true));
    }
    history.mark(Change::Frame(0));
    changes.extend(history.take());
    changes
}

fn is_kept(fork: &Fork, node: &NodeKey) -> bool {
    !fork.reset.contains(node)
}

fn nodes(fork: &Fork) -> impl Iterator<Item = RowChange> {
    let known = fork.nodes.iter();
    known.filter_map(|row| {
        let mark = fork.past.snapshot.nodes.get(&row.node)?;
        let (state, last_attempt) = match is_kept(fork, &row.node) {
            true => (state_again(&row.node, mark, &fork.past), mark.last_attempt),
            false => (NodeState::Pending, 0),
        };
        Some(RowChange::PutNode(NodeRow {
            state,
            last_attempt: (last_attempt > 0).then_some(last_attempt),
            updated_at: mark.updated_at,
            bound: None,
            ..row.clone()
        }))
    })
}

fn attempts(fork: &Fork, now: Timestamp) -> impl Iterator<Item = RowChange> {
    let Past {
        attempts, snapshot, ..
    } = &fork.past;
    attempts.iter().filter_map(move |row| {
        let mark = snapshot.attempts.get(&(row.node.clone(), row.attempt))?;
        let kept = is_kept(fork, &row.node);
        kept.then(|| RowChange::PutAttempt(restored(row, mark, &fork.past, now)))
    })
}

/// The rows in the order in which they were completed.
fn outputs(fork: &Fork) -> impl Iterator<Item = RowChange> {
    let places: BTreeMap<u64, (&String, &NodeKey)> = fork
        .past
        .places
        .iter()
        .map(|(place, table, node)| (*place, (table, node)))
        .collect();
    let stored: BTreeMap<(&String, &NodeKey), &OutputRow> = fork
        .outputs
        .iter()
        .map(|row| ((&row.table, &row.node), row))
        .collect();
    let undone: BTreeMap<u64, &OutputRow> = fork
        .past
        .undone
        .iter()
        .map(|(place, row)| (*place, row))
        .collect();
    let snapshot = &fork.past.snapshot;
    let own = snapshot.outputs.values().copied();
    let carried = places
        .keys()
        .copied()
        .filter(|place| *place < snapshot.own_from);
    let mut wanted: Vec<u64> = own.chain(carried).collect();
    wanted.sort_unstable();
    let rows: Vec<RowChange> = wanted
        .into_iter()
        .filter_map(|place| match places.get(&place) {
            Some(key) => stored.get(key).copied(),
            None => undone.get(&place).copied(),
        })
        .filter(|row| is_kept(fork, &row.node))
        .map(|row| RowChange::PutOutput(Arc::new(row.clone())))
        .collect();
    rows.into_iter()
}

/// Those that were decided, as they were; the others are asked when their turn comes.
fn approvals<'a>(fork: &'a Fork, run: &'a RunId) -> impl Iterator<Item = RowChange> + 'a {
    let marks = &fork.past.snapshot.approvals;
    let is_decided = |node: &NodeKey| matches!(marks.get(node), Some(ApprovalMark::Decided { .. }));
    let decided = fork.approvals.iter();
    let decided = decided.filter(move |approval| {
        approval.decision.is_some() && is_decided(&approval.node) && is_kept(fork, &approval.node)
    });
    decided.map(|approval| {
        let mut copy = approval.clone();
        copy.run_id = run.clone();
        RowChange::RequestApproval(Box::new(copy))
    })
}

fn open_waits(fork: &Fork) -> impl Iterator<Item = RowChange> {
    let open = waits(&fork.past).filter(|wait| is_kept(fork, &wait.node));
    open.cloned().map(RowChange::BeginWait)
}

fn signals(fork: &Fork) -> impl Iterator<Item = RowChange> {
    let snapshot = &fork.past.snapshot;
    let came = fork
        .signals
        .iter()
        .filter(|signal| signal.seq < snapshot.signals);
    came.map(|signal| {
        let taken_by = snapshot.taken.get(&signal.seq);
        let mut copy = signal.clone();
        copy.taken_by = taken_by.filter(|node| is_kept(fork, node)).cloned();
        RowChange::AddSignal(Box::new(copy))
    })
}
