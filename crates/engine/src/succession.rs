//! Continuing as new: the run ends and another one goes on in its place (workflow-model 13.5).
//!
//! The new run is part of the step that ends the old one, under an id that follows from the chain, so that a crash
//! leaves either both or neither.

use smithers_model::command::Command;
use smithers_model::continuation::{Continuation, ContinueReason, MOST_STATE};
use smithers_model::error::ErrorInfo;
use smithers_model::event::{CancelReason, Event};
use smithers_model::run::{RunConfig, RunRow, RunStatus};
use smithers_model::step::{RowChange, Successor};
use smithers_model::tree::{Kind, TaskSpec};
use smithers_model::{RawJson, Timestamp};

use crate::frame::Frame;
use crate::node::Node;
use crate::state::RunState;

impl RunState {
    /// Ends the run once nothing is under way in it any more; nothing else starts meanwhile.
    pub(crate) fn hand_over(&mut self, frame: &Frame, index: usize, now: Timestamp) {
        if !self.running.is_empty() || self.open.is_full() {
            return;
        }
        let Kind::ContinueAsNew { state } = &frame.tree.elements()[index].kind else {
            return;
        };
        match self.successor(state, now) {
            Ok((next, told)) => self.continue_as(next, &told, now),
            Err(error) => self.fail(error, now),
        }
    }

    fn successor(
        &self,
        state: &RawJson,
        now: Timestamp,
    ) -> Result<(Successor, Continuation), ErrorInfo> {
        let size = state.as_str().len();
        if size > MOST_STATE {
            let message =
                format!("the state of ContinueAsNew has {size} bytes; {MOST_STATE} is the limit");
            return Err(ErrorInfo::coded("INVALID_INPUT", message));
        }
        let config: Option<RunConfig> = serde_json::from_str(self.run.config.as_str()).ok();
        let config = config.ok_or_else(|| {
            ErrorInfo::coded(
                "INVALID_INPUT",
                "the configuration of the run cannot be read",
            )
        })?;
        if config.subflow.is_some() {
            let message = "the run of a Subflow cannot continue as new in this build";
            return Err(ErrorInfo::coded("RUNTIME_CAPABILITY_UNAVAILABLE", message));
        }
        let before = config.continuation.as_ref();
        let first = before.map_or(&self.run.run_id, |before| &before.first_run_id);
        let told = Continuation {
            parent_run_id: self.run.run_id.clone(),
            first_run_id: first.clone(),
            depth: before.map_or(2, |before| before.depth + 1),
            reason: ContinueReason::Explicit,
            payload: state.clone(),
            timestamp_ms: now,
        };
        let config = RunConfig {
            continuation: Some(told.clone()),
            ..config
        };
        let row = RunRow {
            run_id: Continuation::id_of(&told.first_run_id, told.depth),
            status: RunStatus::Running,
            created_at: now,
            started_at: None,
            pause_requested_at: None,
            error: None,
            config: RawJson::of(&config),
            next_seq: 0,
            next_stream_seq: 1,
            next_frame_no: 1,
            ..self.run.clone()
        };
        let loops = self.loops.values().cloned().collect();
        Ok((Successor { row, loops }, told))
    }

    fn continue_as(&mut self, successor: Successor, told: &Continuation, now: Timestamp) {
        self.end_waits(CancelReason::RunContinued, "Run continued as new", now);
        let next = successor.row.run_id.clone();
        let event = Event::RunContinuedAsNew {
            new_run_id: next.clone(),
            iteration: self.passes().0,
            carried_state_size: told.payload.as_str().len(),
            ancestry_depth: told.depth,
        };
        self.end(RunStatus::Continued, event, now);
        self.open.change(RowChange::ContinueAs(Box::new(successor)));
        self.open.command(Command::TakeUpNext { next });
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
