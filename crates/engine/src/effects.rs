//! Effects on the world outside: the journal of them, and the question before one would be had twice
//! (workflow-model 8.7).
//!
//! A task with `sideEffect` is noted in `_smithers_tool_calls` by the step that starts its attempt, and ends there with
//! the step that ends the attempt: finished, or unknown when it was cut off or failed. Before another attempt of a
//! task with an earlier effect that is not idempotent, somebody is asked ([`ReplayUnsafe`]); without a yes it fails
//! with `INVALID_INPUT`. Every attempt makes another question, so that a yes is good for one attempt.
//!
//! # Taking effects back
//!
//! Whoever takes a run back to time `t`:
//!
//! 1. reads `EffectReader::effects_after(run, t)` of the store: the calls of attempts that started later than `t`, the
//!    newest first. Calls with `note.is_unsafe()` and without `has_revert` stand in the way;
//! 2. renders a frame of the run as it is, from which `TaskSpec::side_effect` gives the `revert` of a mounted node;
//! 3. calls it with [`revert_call`] through `WorkflowSession::call`, the newest effect first. The callback is given
//!    `{outputRow, effectStatus, runId, nodeId, iteration, attempt}`; what it returns is ignored;
//! 4. commits `RowChange::ArchiveToolCalls` in the step that deletes the attempts: the calls go to the archive, with
//!    what became of their reverts, and ask nobody any more.

use serde_json::json;
use smithers_model::approval::{ApprovalMode, ApprovalRequest};
use smithers_model::effect::{
    CallKind, CallStatus, EffectNote, EndedCalls, ReplayUnsafe, SideEffect, ToolCall,
};
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::node::AttemptState;
use smithers_model::report::Reporter;
use smithers_model::step::RowChange;
use smithers_model::tree::TaskSpec;
use smithers_model::workflow::{CallPurpose, TaskCall};
use smithers_model::{NodeKey, RawJson, RunId, Timestamp};

use crate::lifecycle::TaskFact;
use crate::state::RunState;

/// Code of the failure of a task that may not be done again.
const DENIED: &str = "INVALID_INPUT";
/// Most effects that a question lists.
const MOST_LISTED: usize = 5;

/// Whether an attempt would have effects again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// It would not, or that does no harm.
    Safe,
    /// Somebody is to be asked.
    Ask,
    /// Somebody said yes.
    Granted,
    /// Somebody said no.
    Denied,
}

impl RunState {
    /// Whether the next attempt of `node` would have effects again.
    pub(crate) fn replay(&self, node: &NodeKey) -> Replay {
        let Some(question) = self.replay_question(node) else {
            return Replay::Safe;
        };
        let asked = self.approvals.get(node);
        let about_these = asked.filter(|asked| asked.request.replay.as_deref() == Some(&question));
        match about_these.and_then(|asked| asked.decision.as_ref()) {
            None => Replay::Ask,
            Some(decision) if decision.approved => Replay::Granted,
            Some(_) => Replay::Denied,
        }
    }

    fn replay_question(&self, node: &NodeKey) -> Option<ReplayUnsafe> {
        let mut effects = self.unsafe_effects(node).peekable();
        effects.peek()?;
        Some(ReplayUnsafe::about(&self.run.run_id, node, effects))
    }

    fn unsafe_effects(&self, node: &NodeKey) -> impl Iterator<Item = &EffectNote> {
        let known = self.effects.get(node).into_iter().flatten();
        known.filter(|effect| effect.is_unsafe())
    }

    /// Asks whether a task may have its effects again.
    pub(crate) fn ask_about_replay(&mut self, task: &TaskSpec, now: Timestamp) {
        let Some(question) = self.replay_question(&task.node) else {
            return;
        };
        self.know(task, now);
        if self.approvals.remove(&task.node).is_some() {
            let node = task.node.clone();
            self.open.change(RowChange::WithdrawApproval { node });
        }
        let named = task.label.as_deref().unwrap_or(task.node.node_id.as_str());
        let request = ApprovalRequest {
            summary: Some(self.summary_of_effects(&task.node)),
            replay: Some(Box::new(question)),
            ..ApprovalRequest::new(ApprovalMode::Gate, format!("Run {named} again?"))
        };
        self.ask(&task.node, &request, now);
    }

    fn summary_of_effects(&self, node: &NodeKey) -> String {
        let told = |effect: &EffectNote| {
            let became = match effect.status {
                CallStatus::Finished => "happened",
                CallStatus::Started | CallStatus::Unknown => "may have happened",
            };
            format!(
                "{} in attempt {} {became}",
                effect.tool_name, effect.attempt
            )
        };
        let effects: Vec<&EffectNote> = self.unsafe_effects(node).collect();
        let newest = effects.iter().rev().take(MOST_LISTED);
        let mut listed = newest
            .map(|effect| told(effect))
            .collect::<Vec<_>>()
            .join("; ");
        if let Some(more) = effects
            .len()
            .checked_sub(MOST_LISTED)
            .filter(|&more| more > 0)
        {
            listed.push_str(&format!("; and {more} more"));
        }
        format!("It has effects that are not safe to repeat: {listed}.")
    }

    /// Fails a task that may not have its effects again.
    pub(crate) fn end_unrepeatable(&mut self, task: &TaskSpec, now: Timestamp) {
        self.know(task, now);
        self.forget_due(&task.node);
        let message = format!(
            "Task {} has effects that are not safe to repeat, and its replay was denied",
            task.node.node_id
        );
        let error = ErrorInfo::coded(DENIED, message);
        let Some(node) = self.nodes.get_mut(&task.node) else {
            return;
        };
        node.error = Some(error.clone());
        let attempt = node.last_attempt;
        self.move_node(&task.node, TaskFact::Denied, now);
        self.open.event(Event::NodeFailed {
            node: task.node.clone(),
            attempt,
            error,
        });
        self.fail_node(&task.node, now);
    }

    /// Notes the effect that an attempt is about to have.
    pub(crate) fn begin_effect(&mut self, task: &TaskSpec, attempt: u32, now: Timestamp) {
        let Some(SideEffect { idempotent, revert }) = task.side_effect else {
            return;
        };
        let NodeKey { node_id, iteration } = &task.node;
        let note = EffectNote {
            node: task.node.clone(),
            attempt,
            seq: 0,
            tool_name: node_id.to_string(),
            kind: CallKind::Task,
            side_effect: true,
            idempotent,
            status: CallStatus::Started,
        };
        self.remember_effect(note.clone());
        self.open.change(RowChange::PutToolCall(Box::new(ToolCall {
            note,
            token: format!("{}:{node_id}:{iteration}:{attempt}:0", self.run.run_id),
            has_revert: revert.is_some(),
            idempotency_key: None,
            input: None,
            output: None,
            error: None,
            started_at: now,
            finished_at: None,
            revert_status: None,
        })));
    }

    /// Keeps a note for as long as the run is in memory.
    fn remember_effect(&mut self, note: EffectNote) {
        self.effects
            .entry(note.node.clone())
            .or_default()
            .push(note);
    }

    /// Ends what is under way of the effects of the newest attempt of a node, which is in `state` now.
    pub(crate) fn end_effects(
        &mut self,
        key: &NodeKey,
        attempt: u32,
        state: AttemptState,
        at: Timestamp,
    ) {
        let status = match state {
            AttemptState::Finished => CallStatus::Finished,
            AttemptState::Failed | AttemptState::Cancelled => CallStatus::Unknown,
            _ => return,
        };
        let Some(notes) = self.effects.get_mut(key) else {
            return;
        };
        let is_open =
            |note: &&mut EffectNote| note.attempt == attempt && note.status == CallStatus::Started;
        let mut ended = false;
        for note in notes.iter_mut().filter(is_open) {
            note.status = match note.kind {
                CallKind::Task => status,
                CallKind::Tool => CallStatus::Unknown,
            };
            ended = true;
        }
        notes.retain(EffectNote::is_unsafe);
        if ended {
            self.open.change(RowChange::EndToolCalls(EndedCalls {
                node: key.clone(),
                attempt,
                status,
                at,
            }));
        }
    }
}

/// The call that takes the effect of an attempt back, for the session of a run whose newest frame mounts the node with
/// this `revert`. `output` is the row that the attempt stored.
pub fn revert_call(
    run: &RunId,
    effect: &EffectNote,
    revert: u32,
    output: Option<&RawJson>,
) -> TaskCall {
    let given = json!({
        "outputRow": output.map(RawJson::value),
        "effectStatus": effect.status,
        "runId": run,
        "nodeId": effect.node.node_id,
        "iteration": effect.node.iteration,
        "attempt": effect.attempt,
    });
    TaskCall {
        asked: false,
        scorings: 0,
        node: effect.node.clone(),
        attempt: effect.attempt,
        failures: 0,
        callback: revert,
        last_heartbeat: None,
        given: Some(RawJson::of(&given)),
        root_dir: None,
        purpose: CallPurpose::Revert,
        reporter: Reporter::deaf(),
    }
}
