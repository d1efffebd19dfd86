//! A store of one run: applies steps as the real one does and reads the run back.

use std::collections::BTreeMap;

use smithers_model::approval::Approval;
use smithers_model::audit::AuditRecord;
use smithers_model::cache::CacheRow;
use smithers_model::continuation::Continuation;
use smithers_model::effect::{CallStatus, EffectNote, ToolCall};
use smithers_model::event::Event;
use smithers_model::frame::FrameRow;
use smithers_model::loops::LoopRow;
use smithers_model::node::{AttemptRow, AttemptState, NodeRow};
use smithers_model::output::OutputRow;
use smithers_model::rows::RunRows;
use smithers_model::run::RunRow;
use smithers_model::score::{Score, Scoring, ScoringKey};
use smithers_model::signal::Signal;
use smithers_model::step::{ChildTie, RowChange, RunUpdate, Step, Successor};
use smithers_model::wait::Wait;
use smithers_model::{LoopId, NodeKey, RunId, Timestamp};

use super::past::Past;

/// The rows of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Store {
    pub(crate) run: Option<RunRow>,
    /// Runs that go on in its place.
    pub(crate) successors: Vec<Successor>,
    /// What the run is told of the one before it.
    pub(crate) told: Option<Continuation>,
    pub(crate) nodes: BTreeMap<NodeKey, NodeRow>,
    pub(crate) attempts: BTreeMap<(NodeKey, u32), AttemptRow>,
    pub(crate) loops: BTreeMap<LoopId, LoopRow>,
    pub(crate) approvals: BTreeMap<NodeKey, Approval>,
    pub(crate) waits: BTreeMap<NodeKey, Wait>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) scorings: BTreeMap<ScoringKey, Scoring>,
    pub(crate) scores: BTreeMap<ScoringKey, Score>,
    pub(crate) tool_calls: BTreeMap<(NodeKey, u32, u32), ToolCall>,
    pub(crate) outputs: Vec<OutputRow>,
    /// Results that are kept for others, by key.
    pub(crate) kept: BTreeMap<String, CacheRow>,
    pub(crate) frames: Vec<FrameRow>,
    pub(crate) audit: Vec<AuditRecord>,
    pub(crate) events: Vec<Event>,
    /// What the run has said of its children.
    pub(crate) ties: BTreeMap<RunId, ChildTie>,
    /// The due times of attempts wake nobody.
    pub(crate) is_held: bool,
    /// What came before.
    pub(crate) past: Past,
}

impl Store {
    /// Commits a step; what the real store would refuse fails the test.
    pub(crate) fn commit(&mut self, step: &Step) {
        self.past.begin_step();
        for change in &step.changes {
            self.apply(change);
        }
        self.check_history();
        self.events.extend(step.events.iter().cloned());
    }

    fn apply(&mut self, change: &RowChange) {
        match change {
            RowChange::InsertRun(run) => {
                assert!(self.run.is_none(), "run exists");
                self.run = Some(run.row.clone());
            }
            RowChange::ForgetContinuation => self.told = None,
            RowChange::ContinueAs(next) => self.successors.push((**next).clone()),
            RowChange::UpdateRun(update) => {
                update_run(self.run.as_mut().expect("run row"), update);
            }
            RowChange::PutNode(row) => {
                self.nodes.insert(row.node.clone(), row.clone());
            }
            RowChange::PutAttempt(row) => {
                let key = (row.node.clone(), row.attempt);
                self.attempts.insert(key, row.clone());
            }
            RowChange::PutLoop(row) => {
                self.loops.insert(row.id.clone(), row.clone());
            }
            RowChange::PutOutput(row) => {
                self.outputs.retain(|known| known.node != row.node);
                self.outputs.push((**row).clone());
                self.past.put_output(row);
            }
            RowChange::PutCache(row) => drop(self.kept.insert(row.key.clone(), (**row).clone())),
            RowChange::TouchCache { .. } => {}
            RowChange::RequestApproval(approval) => {
                let before = self
                    .approvals
                    .insert(approval.node.clone(), (**approval).clone());
                assert!(before.is_none(), "approval requested twice");
            }
            RowChange::CastVote { node, vote } => {
                let approval = self.approvals.get_mut(node).expect("approval row");
                assert!(approval.decision.is_none(), "voted after the decision");
                approval.votes.push(vote.clone());
            }
            RowChange::DecideApproval { node, decision } => {
                let approval = self.approvals.get_mut(node).expect("approval row");
                assert!(approval.decision.is_none(), "approval decided twice");
                approval.decision = Some(decision.clone());
            }
            RowChange::PutCustody { node, custody } => {
                let approval = self.approvals.get_mut(node).expect("approval row");
                assert!(approval.decision.is_none(), "lapsed after its decision");
                approval.custody = custody.clone();
            }
            RowChange::BeginWait(wait) => {
                let before = self.waits.insert(wait.node.clone(), wait.clone());
                assert!(before.is_none(), "waits twice");
            }
            RowChange::AddSignal(signal) => {
                assert_eq!(signal.seq, self.signals.len() as u64, "signals are counted");
                self.signals.push((**signal).clone());
            }
            RowChange::TakeSignal { seq, node } => {
                let signal = &mut self.signals[usize::try_from(*seq).expect("few signals")];
                assert!(signal.taken_by.is_none(), "a signal is taken twice");
                signal.taken_by = Some(node.clone());
            }
            RowChange::EndWait(node) => {
                let before = self.waits.remove(node);
                assert!(before.is_some(), "ends a wait that is none");
            }
            RowChange::PutToolCall(call) => {
                let EffectNote {
                    node, attempt, seq, ..
                } = &call.note;
                let key = (node.clone(), *attempt, *seq);
                self.tool_calls.insert(key, (**call).clone());
            }
            RowChange::EndToolCalls(ended) => {
                for call in self.tool_calls.values_mut().map(|call| &mut call.note) {
                    let is_of = call.node == ended.node && call.attempt == ended.attempt;
                    if is_of && call.status == CallStatus::Started {
                        call.status = ended.status;
                    }
                }
            }
            RowChange::ArchiveToolCalls(_) => self.tool_calls.clear(),
            RowChange::BeginScoring(scoring) => {
                let before = self
                    .scorings
                    .insert(scoring.key.clone(), (**scoring).clone());
                assert!(before.is_none(), "scored twice");
            }
            RowChange::EndScoring { key, score } => {
                let before = self.scorings.remove(key);
                assert!(before.is_some(), "ends a scoring that is none");
                self.scores
                    .extend(score.as_ref().map(|score| (key.clone(), (**score).clone())));
            }
            // Schedules are rows of their own.
            RowChange::FireSchedule { .. } => {}
            RowChange::PutFrame { frame, tree } => {
                let last = self.frames.last().map_or(0, |last| last.frame_no);
                assert_eq!(frame.frame_no, last + 1, "frame numbers rise by one");
                assert_eq!(frame.tree_hash, tree.hash);
                self.frames.push(frame.clone());
            }
            RowChange::ForgetResults { node, table } => {
                let is_of = |row: &OutputRow| row.node == *node && row.table == *table;
                for row in self.outputs.extract_if(.., |row| is_of(row)) {
                    self.past.undo_output(&row);
                }
                for ((of, _), attempt) in &mut self.attempts {
                    if of == node && attempt.state == AttemptState::Failed {
                        (attempt.state, attempt.retry_at) = (AttemptState::Cancelled, None);
                    }
                }
            }
            RowChange::WithdrawApproval { node } => {
                self.past.withdrawn.extend(self.approvals.remove(node));
            }
            RowChange::HoldDueTimes(held) => self.is_held = *held,
            RowChange::LetChildGo { child, tie } => drop(self.ties.insert(child.clone(), *tie)),
            RowChange::Reattach { input } => {
                let run = self.run.as_mut().expect("run row");
                run.tie = Some(ChildTie::Awaited);
                run.input = input.clone().unwrap_or_else(|| run.input.clone());
            }
            RowChange::PutBranch(_) => {}
            RowChange::Rewind(rewound) => self.rewind(rewound),
            RowChange::TimeTravel(row) => self.past.trail.push(row.clone()),
            RowChange::KeepDelta(delta) => self.past.keep(delta),
            RowChange::Audit(record) => self.audit.push(record.clone()),
        }
    }

    /// When something is due in a run that has not ended: by the newest attempt of a node, or an approval.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let run = self.run.as_ref().filter(|run| !run.status.is_terminal());
        let newest = |row: &&AttemptRow| {
            let next = (row.node.clone(), row.attempt + 1);
            !self.attempts.contains_key(&next)
        };
        let retries = self
            .attempts
            .values()
            .filter(|_| !self.is_held)
            .filter(newest)
            .filter_map(|row| row.retry_at);
        let lapses = self.approvals.values().filter_map(Approval::next_due);
        let waits = self.waits.values().filter(|_| !self.is_held);
        let waits = waits.filter_map(|wait| wait.due);
        let ending = run.and_then(RunRow::ends_at);
        run.and(retries.chain(lapses).chain(waits).chain(ending).min())
    }

    fn tokens(&self) -> u64 {
        let used = self.events.iter().map(|event| match event {
            Event::TokenUsageReported { usage, .. } => usage.total(),
            _ => 0,
        });
        used.sum()
    }

    /// The run as a fresh process reads it.
    pub(crate) fn load(&self) -> RunRows {
        RunRows {
            row: self.run.clone().expect("run row"),
            continuation: self.told.clone(),
            nodes: self.nodes.values().cloned().collect(),
            attempts: self.attempts.values().cloned().collect(),
            loops: self.loops.values().cloned().collect(),
            approvals: self.approvals.values().cloned().collect(),
            waits: self.waits.values().cloned().collect(),
            effects: self
                .tool_calls
                .values()
                .map(|call| call.note.clone())
                .collect(),
            scorings: self.scorings.values().cloned().collect(),
            signals: self.signals.clone(),
            outputs: self.outputs.clone(),
            tokens: self.tokens(),
        }
    }
}

fn update_run(row: &mut RunRow, update: &RunUpdate) {
    let RunUpdate {
        status,
        workflow_name,
        workflow_hash,
        config,
        started_at,
        finished_at,
        cancel_requested_at,
        pause_requested_at,
        undo_within_ms,
        error,
        reopened,
        next_frame_no,
    } = update.clone();
    if reopened {
        (row.finished_at, row.cancel_requested_at, row.error) = (None, None, None);
    }
    row.status = status.unwrap_or(row.status);
    row.next_frame_no = next_frame_no.unwrap_or(row.next_frame_no);
    if let Some(name) = workflow_name {
        row.workflow_name = name;
    }
    row.workflow_hash = workflow_hash.or(row.workflow_hash.take());
    if let Some(config) = config {
        row.config = config;
    }
    row.started_at = started_at.or(row.started_at);
    row.finished_at = finished_at.or(row.finished_at);
    row.cancel_requested_at = cancel_requested_at.or(row.cancel_requested_at);
    row.undo_within_ms = undo_within_ms.unwrap_or(row.undo_within_ms);
    row.pause_requested_at = pause_requested_at.unwrap_or(row.pause_requested_at);
    row.error = error.or(row.error.take());
}
