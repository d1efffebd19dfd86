//! What follows the writer's answer: act on a committed step, read back after anything else.

use actix::prelude::*;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::planted::{Bug, planted};
use smithers_store::writer::{Refusal as StoreRefusal, StepOutcome, SubmitError};

use super::messages::StepSettled;
use super::open::{Activity, Answer};
use super::{Phase, RunActor, RunError};

impl Handler<StepSettled> for RunActor {
    type Result = ();

    fn handle(&mut self, message: StepSettled, ctx: &mut Self::Context) {
        if message.life != self.life {
            return;
        }
        match &mut self.phase {
            Phase::Launching(_) => self.launch_settled(message.outcome, ctx),
            Phase::Open(_) => self.step_settled(message.outcome, ctx),
            Phase::Loading | Phase::Closing => {}
        }
    }
}

impl RunActor {
    fn step_settled(&mut self, outcome: StepOutcome, ctx: &mut Context<Self>) {
        match outcome {
            StepOutcome::Committed(_) => self.step_committed(ctx),
            StepOutcome::Refused(refusal) => self.step_refused(&refusal, ctx),
            StepOutcome::Unknown if planted(Bug::UnknownToldAsCommitted) => {
                self.step_committed(ctx)
            }
            StepOutcome::Unknown => {
                if let Phase::Open(run) = &mut self.phase {
                    run.answer_unknown();
                }
                self.abandon();
            }
        }
    }

    fn step_committed(&mut self, ctx: &mut Context<Self>) {
        self.refused = false;
        let now = self.services.clock.now();
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let settled = std::mem::replace(&mut run.activity, Activity::Idle);
        if let Activity::Committing {
            commands,
            answers,
            landed,
        } = settled
        {
            drop(landed);
            answers.into_iter().for_each(Answer::send);
            self.tell_parent();
            let Phase::Open(run) = &mut self.phase else {
                return;
            };
            run.engine.continue_step(now);
            self.perform(commands, ctx);
        }
        self.advance(ctx);
    }

    /// Nothing of the step was kept. The rows are the truth: they are read back, and the run learns why.
    fn step_refused(&mut self, refusal: &StoreRefusal, ctx: &mut Context<Self>) {
        tracing::warn!(run.id = %self.run_id, %refusal, "the store refused a step");
        if let Phase::Open(run) = &mut self.phase {
            for answer in run.take_answers() {
                answer.fail(RunError::StepRefused(refusal.to_string()));
            }
        }
        self.facts.clear();
        if std::mem::replace(&mut self.refused, true) {
            return self.reopen_later("its steps are refused again and again");
        }
        let fact = matches!(refusal, StoreRefusal::Constraint { .. })
            .then(|| Fact::StepRefused(ErrorInfo::coded("DB_WRITE_FAILED", refusal.to_string())));
        self.reload(fact, ctx);
    }

    /// The writer did not take the step: it was not stored, so the state in memory is ahead of the rows.
    pub(super) fn not_submitted(&mut self, error: &SubmitError) {
        let refuse = || match error {
            SubmitError::Busy => RunError::Busy(self.run_id.clone()),
            SubmitError::Degraded { .. } => RunError::Degraded(error.to_string()),
        };
        if matches!(self.phase, Phase::Launching(_)) {
            let error = refuse();
            return self.refuse_launch(error);
        }
        if let Phase::Open(run) = &mut self.phase {
            for answer in run.take_answers() {
                answer.fail(refuse());
            }
        }
        match error {
            SubmitError::Busy => self.reopen_later("the database was too busy for its step"),
            // The recovery sweep opens it once the database is back.
            SubmitError::Degraded { .. } => self.abandon(),
        }
    }
}
