//! The in-memory state of an open run and what it is busy with.

use std::sync::Arc;

use smithers_engine::{Refusal, RunState};
use smithers_model::command::Command;
use smithers_model::workflow::{Workflow, WorkflowSession};

use super::cached::Flights;
use super::error::RunError;
use super::messages::Receipt;
use super::numbers::Numbers;
use super::reports::Reports;
use super::scoring::Scorings;
use crate::turns::Turn;

/// A run whose state is in memory.
pub(super) struct OpenRun {
    pub(super) engine: RunState,
    pub(super) numbers: Numbers,
    pub(super) workflow: Arc<dyn Workflow>,
    /// Component state and callbacks; none while the run is parked.
    pub(super) session: Option<Box<dyn WorkflowSession>>,
    /// How many sessions were opened; names the newest.
    pub(super) session_no: u64,
    pub(super) activity: Activity,
    /// Answers that wait for the open step.
    pub(super) answers: Vec<Answer>,
    /// What tasks under way have told.
    pub(super) reports: Reports,
    /// Attempts whose result others may wait for.
    pub(super) flights: Flights,
    /// Scorers that are looking at results.
    pub(super) scorings: Scorings,
}

/// What the run is waiting for; facts queue meanwhile.
pub(super) enum Activity {
    /// Ready for the next fact.
    Idle,
    /// A frame is being rendered; the step stays open.
    Rendering,
    /// It is being read what came before: what people decided in other runs, or the history of this one; the step
    /// stays open.
    LookingBack,
    /// A worktree is being made; the step stays open.
    Housing,
    /// The step is being committed.
    Committing {
        /// To be carried out afterwards.
        commands: Vec<Command>,
        /// To be sent afterwards.
        answers: Vec<Answer>,
        /// Dropped afterwards: others may look for what the step keeps.
        landed: Vec<Turn>,
    },
}

/// An answer that is sent once the state it rests on is durable.
pub(super) struct Answer {
    tell: Tell,
    refusal: Option<Refusal>,
}

/// Tells somebody what came of a request.
pub(super) type Tell = Box<dyn FnOnce(Result<(), RunError>)>;

impl Answer {
    pub(super) fn new(tell: Tell, refusal: Option<Refusal>) -> Self {
        Self { tell, refusal }
    }

    /// Tells the holder of a receipt.
    pub(super) fn by(receipt: Receipt) -> Tell {
        // Who has gone needs no answer.
        Box::new(|outcome| drop(receipt.send(outcome)))
    }

    pub(super) fn send(self) {
        let result = self.refusal.map_or(Ok(()), |refusal| Err(refusal.into()));
        (self.tell)(result);
    }

    /// The step this answer rests on was not kept.
    pub(super) fn fail(self, error: RunError) {
        (self.tell)(Err(error));
    }
}

impl OpenRun {
    pub(super) fn new(
        engine: RunState,
        numbers: Numbers,
        workflow: Arc<dyn Workflow>,
        reports: Reports,
    ) -> Self {
        Self {
            engine,
            numbers,
            workflow,
            session: None,
            session_no: 0,
            activity: Activity::Idle,
            answers: Vec::new(),
            reports,
            flights: Flights::default(),
            scorings: Scorings::default(),
        }
    }

    /// Takes every answer that has not been sent.
    pub(super) fn take_answers(&mut self) -> Vec<Answer> {
        let mut answers = std::mem::take(&mut self.answers);
        if let Activity::Committing {
            answers: committing,
            ..
        } = &mut self.activity
        {
            answers.append(committing);
        }
        answers
    }

    /// Tells everybody who waits that the outcome is not known.
    pub(super) fn answer_unknown(&mut self) {
        for answer in self.take_answers() {
            answer.fail(RunError::OutcomeUnknown);
        }
    }
}
