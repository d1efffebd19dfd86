//! Rewinding: the rows of the run become what they were when a frame was stored, and it goes on from there
//! (workflow-model 14.2).
//!
//! All of it is one step: either the run is where it was, or where it was asked to go. What is in memory is not
//! mended but read back from the rows once they are stored.
//!
//! What was under way at the frame begins again. An approval that was open then is asked again; one that was decided
//! stays decided. Waits go on until the moment they had. Signals that came later count no more.

mod approvals;
pub(crate) mod attempts;
mod effects;
mod files;
mod interrupted;
pub(crate) mod outputs;

pub use files::files_back;

use serde_json::json;
use smithers_model::audit::{AuditRecord, kind};
use smithers_model::command::Command;
use smithers_model::event::Event;
use smithers_model::history::{Delta, NodeMark, PackedDelta};
use smithers_model::node::{NodeRow, NodeState};
use smithers_model::planted::{Bug, planted};
use smithers_model::rewind::{Past, RewindRequest, RewindResult, Rewound, TimeTravelRow};
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::wait::{Wait, WaitCause};
use smithers_model::{NodeKey, RawJson, Timestamp};

use crate::refusal::Refusal;
use crate::state::RunState;

impl RunState {
    /// The newest frame; 0 before the first.
    pub fn newest_frame(&self) -> u64 {
        self.run.next_frame_no.saturating_sub(1)
    }

    /// Takes the run back to a frame and lets it go on from there.
    pub(crate) fn rewind(&mut self, request: RewindRequest, now: Timestamp) -> Result<(), Refusal> {
        self.must_be_rewindable(&request)?;
        let outputs_back = outputs::back(&request.past)?;
        self.agree_on_workflow(request.accept_change, &request.actor, now)?;
        let from = self.newest_frame();
        self.record_rewind(&request, from, now);
        if request.frame_no == from {
            return Ok(());
        }
        self.stop_what_is_under_way();
        self.open.change(RowChange::HoldDueTimes(false));
        self.put_effects_aside(&request, now);
        let rewound = Rewound {
            frame_no: request.frame_no,
            deltas_kept: request.past.snapshot.deltas,
            last_delta: last_delta(&request)?,
            nodes_gone: self.unknown_nodes(&request),
            attempts_gone: attempts::gone(&request.past),
            outputs_gone: match planted(Bug::RewindKeepsRows) {
                true => Vec::new(),
                false => outputs::gone(&request.past),
            },
            outputs_back,
            loops: match planted(Bug::RewindKeepsLoops) {
                true => self.loops.values().cloned().collect(),
                false => request.past.snapshot.loops.values().cloned().collect(),
            },
            waits: waits(&request.past).cloned().collect(),
            decisions_back: self.decisions_back(&request),
            signals_from: request.past.snapshot.signals,
            signals_untaken: self.untaken_again(&request),
        };
        self.open.change(RowChange::Rewind(Box::new(rewound)));
        self.undo_children(&request);
        self.restore_nodes(&request, now);
        self.restore_attempts(&request, now);
        self.withdraw_approvals(&request);
        self.go_back_to(&request, from);
        Ok(())
    }

    fn must_be_rewindable(&self, request: &RewindRequest) -> Result<(), Refusal> {
        if self.run.status == RunStatus::Continued {
            return Err(Refusal::NotActive {
                status: self.run.status,
            });
        }
        let newest = self.newest_frame();
        match request.frame_no > newest {
            true => Err(Refusal::FrameOutOfRange { newest }),
            false => Ok(()),
        }
    }

    /// Cuts off attempts and ends children; what they would give belongs to what did not happen.
    fn stop_what_is_under_way(&mut self) {
        for key in std::mem::take(&mut self.running) {
            let attempt = self.nodes[&key].last_attempt;
            if !self.end_child(&key) {
                self.open.abort(&key, attempt);
            }
        }
    }

    /// The runs of subflows that the frame does not know begin from their start when their task does again.
    fn undo_children(&mut self, request: &RewindRequest) {
        let is_same = |key: &NodeKey, last: u32, state: NodeState| {
            let mark = request.past.snapshot.nodes.get(key);
            mark.is_some_and(|mark| mark.last_attempt == last && mark.state == state)
        };
        let undone = self.nodes.iter().filter(|(key, node)| {
            node.child.is_some() && !is_same(key, node.last_attempt, node.status.stored())
        });
        for key in undone.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.undo_child(&key);
        }
    }

    fn unknown_nodes(&self, request: &RewindRequest) -> Vec<NodeKey> {
        let is_unknown = |key: &&NodeKey| !request.past.snapshot.nodes.contains_key(*key);
        self.nodes.keys().filter(is_unknown).cloned().collect()
    }

    fn restore_nodes(&mut self, request: &RewindRequest, now: Timestamp) {
        for (key, mark) in &request.past.snapshot.nodes {
            let Some(node) = self.nodes.get(key) else {
                continue;
            };
            let row = NodeRow {
                state: state_again(key, mark, &request.past),
                last_attempt: (mark.last_attempt > 0).then_some(mark.last_attempt),
                updated_at: mark.updated_at,
                // The next frame binds it to what is there then.
                bound: None,
                ..node.row(key)
            };
            // What is as the history has it adds nothing to it, and what is not must be in it.
            if row.state != mark.state {
                let updated_at = now;
                self.open.put_node(NodeRow { updated_at, ..row });
            } else if row != node.row(key) {
                self.open.change(RowChange::PutNode(row));
            }
        }
    }

    /// Signals that the frame does not know as taken.
    fn untaken_again(&self, request: &RewindRequest) -> Vec<u64> {
        let taken = self.inbox.taken();
        let snapshot = &request.past.snapshot;
        let is_untaken = |seq: &u64| *seq < snapshot.signals && !snapshot.taken.contains_key(seq);
        taken.filter(is_untaken).collect()
    }

    fn record_rewind(&mut self, request: &RewindRequest, from: u64, now: Timestamp) {
        let detail = json!({ "fromFrameNo": from, "toFrameNo": request.frame_no });
        for outcome in ["requested", "success"] {
            let record = AuditRecord::by(now, &request.actor, kind::REWIND, outcome);
            self.open.change(RowChange::Audit(AuditRecord {
                subject: Some(request.op.clone()),
                detail: RawJson::of(&detail),
                ..record.about(&self.run.run_id)
            }));
        }
        let took = now.0.saturating_sub(request.begun_at.0);
        self.open.change(RowChange::TimeTravel(TimeTravelRow {
            op: request.op.clone(),
            run_id: self.run.run_id.clone(),
            from_frame_no: from,
            to_frame_no: i64::try_from(request.frame_no).unwrap_or(i64::MAX),
            caller: TimeTravelRow::caller(request.actor.user_id.as_deref()),
            at: request.begun_at,
            result: RewindResult::Success,
            duration_ms: Some(u64::try_from(took).unwrap_or(0)),
        }));
    }

    /// The run is as it was at the frame, and is taken up again from its rows.
    fn go_back_to(&mut self, request: &RewindRequest, from: u64) {
        let next_frame_no = request.frame_no + 1;
        self.run.next_frame_no = next_frame_no;
        self.run.status = RunStatus::Running;
        self.open.update_run(|run| {
            run.reopen();
            run.status = Some(RunStatus::Running);
            run.pause_requested_at = Some(None);
            run.next_frame_no = Some(next_frame_no);
        });
        self.frame = None;
        self.renders.clear();
        self.children_to_find.clear();
        self.open.event(Event::TimeTravelJumped {
            from_frame_no: from,
            to_frame_no: request.frame_no,
            caller: TimeTravelRow::caller(request.actor.user_id.as_deref()),
        });
        self.tell_of_effects(request);
        self.open.unpark();
        self.open.command(Command::ReadBack);
    }
}

/// The beginning of the delta in which the frame was stored, unless it ends there.
fn last_delta(request: &RewindRequest) -> Result<Option<PackedDelta>, Refusal> {
    let Some(stored) = &request.past.last_delta else {
        return Ok(None);
    };
    let delta = Delta::unpack(&stored.bytes).map_err(|error| Refusal::HistoryDamaged {
        reason: error.to_string(),
    })?;
    Ok(Some(delta.up_to(request.frame_no).pack()))
}

/// What nodes of the frame still wait for; a quota is asked for anew.
pub(crate) fn waits(past: &Past) -> impl Iterator<Item = &Wait> {
    let waits = past.snapshot.waits.values();
    waits.filter(|wait| wait.cause != WaitCause::Quota)
}

/// The state in which a node goes on: what was under way, or asked, begins again.
pub(crate) fn state_again(key: &NodeKey, mark: &NodeMark, past: &Past) -> NodeState {
    let still_waits = || waits(past).any(|wait| wait.node == *key);
    match mark.state {
        NodeState::InProgress
        | NodeState::WaitingApproval
        | NodeState::WaitingQuota
        | NodeState::WaitingBound
        | NodeState::BoundStale => NodeState::Pending,
        NodeState::WaitingEvent | NodeState::WaitingTimer if !still_waits() => NodeState::Pending,
        state => state,
    }
}
