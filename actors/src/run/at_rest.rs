//! A decision without a gateway: one step on the rows of a run, made by the same engine and checked by the same rules.
//!
//! Nothing is rendered and no task starts. The step leaves a parked run running, which the next gateway takes up.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use smithers_engine::RunState;
use smithers_model::RunId;
use smithers_model::fact::Fact;
use smithers_model::native::NativeWorkflow;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::step::{Step, StepWrite};
use smithers_model::time::Clock;
use smithers_model::workflow::Workflow;
use smithers_store::Backend;
use smithers_store::writer::{StepOutcome, SubmitError, WriterHandle};

use super::RunError;
use super::messages::Verdict;
use super::numbers::Numbers;

/// Runs that no actor has in memory, of a database that no gateway serves.
pub struct AtRest<'a> {
    /// The read path.
    pub backend: &'a dyn Backend,
    /// The write path.
    pub writer: &'a WriterHandle,
    /// The time.
    pub clock: &'a dyn Clock,
    /// What the operator says of approvals.
    pub approvals: Arc<ApprovalPolicy>,
}

impl AtRest<'_> {
    /// Decides an approval; returns once the decision is durable. Blocks.
    ///
    /// # Errors
    /// As a decision through a gateway: no such run, the engine's refusals, and what a writer can answer.
    pub fn decide(&self, run_id: &RunId, verdict: Verdict) -> Result<(), RunError> {
        let read = self
            .backend
            .reader()
            .and_then(|reader| reader.load_run(run_id));
        let rows = read
            .map_err(|source| RunError::Read {
                run: run_id.clone(),
                source,
            })?
            .ok_or_else(|| RunError::NotFound(run_id.clone()))?;
        let mut numbers = Numbers::of(&rows.row);
        let expected = numbers;
        // A decision asks for a frame and makes none, so the workflow itself is not needed.
        let nothing = NativeWorkflow::new(rows.row.workflow_key.as_str(), vec![], |_, _| {});
        let mut engine = RunState::load(rows, nothing.definition().clone(), self.approvals.clone());
        let now = self.clock.now();
        let Verdict {
            node,
            decision,
            actor,
        } = verdict;
        engine.accept(
            Fact::ApprovalDecided {
                node,
                decision,
                actor,
            },
            now,
        )?;
        // The commands ask for what the next gateway asks for again when it takes the run up.
        let Step {
            events, changes, ..
        } = engine.take_step();
        let step = StepWrite {
            run_id: run_id.clone(),
            epoch: self.backend.epoch(),
            expected_seq: expected.seq,
            expected_stream_seq: expected.stream_seq,
            events: numbers.number(run_id, &events, now),
            changes,
        };
        commit(self.writer, step)
    }
}

fn commit(writer: &WriterHandle, step: StepWrite) -> Result<(), RunError> {
    let run_id = step.run_id.clone();
    let (reply, answer) = sync_channel(1);
    // The receiver below waits for exactly this answer.
    let reply = Box::new(move |outcome| drop(reply.send(outcome)));
    writer.submit(step, reply).map_err(|error| match error {
        SubmitError::Busy => RunError::Busy(run_id),
        SubmitError::Degraded { .. } => RunError::Degraded(error.to_string()),
    })?;
    match answer.recv() {
        Ok(StepOutcome::Committed(_)) => Ok(()),
        Ok(StepOutcome::Refused(refusal)) => Err(RunError::StepRefused(refusal.to_string())),
        Ok(StepOutcome::Unknown) | Err(_) => Err(RunError::OutcomeUnknown),
    }
}
