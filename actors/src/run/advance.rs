//! Moves the run: queued requests and facts into the engine, renders in between, then one step to the writer.

use actix::prelude::*;
use smithers_engine::Refusal;
use smithers_model::fact::Fact;
use smithers_model::run::RunStatus;
use smithers_model::step::{Step, StepWrite};
use smithers_model::{NodeKey, RunId};

use super::error::RunError;
use super::messages::{
    FrameRendered, Receipt, Retry, RunRequest, SignalKept, SignalMessage, StepSettled, Verdict,
};
use super::open::{Activity, Answer, OpenRun, Tell};
use super::rewind::next_rewind;
use super::{Phase, RunActor};
use crate::registry::{Redeliver, RunRegistry};

impl RunActor {
    /// Goes on until something outside has to answer: a render, a commit, or the next fact.
    pub(super) fn advance(&mut self, ctx: &mut Context<Self>) {
        loop {
            let (rewind_waits, is_stale) = (self.rewind_waits(), self.is_to_be_read_first());
            let Phase::Open(run) = &mut self.phase else {
                return;
            };
            if !matches!(run.activity, Activity::Idle) {
                return;
            }
            if run.engine.step_is_full() {
                return self.commit(ctx);
            }
            if run.engine.render_request().is_some() {
                self.make_frame(ctx);
            } else if let Some(wanted) = run.engine.precedent_request() {
                self.look_for_precedents(wanted, ctx);
            } else if let Some(wanted) = run.engine.worktree_request() {
                self.make_worktree(wanted, ctx);
            } else if !rewind_waits && let Some((order, receipt)) = next_rewind(&mut self.requests)
            {
                self.begin_rewind(order, receipt, ctx);
            } else if let Some(fact) = self.facts.pop_front() {
                self.apply(fact, None);
            } else if is_stale {
                return self.read_first(ctx);
            } else if !rewind_waits && let Some(request) = self.requests.pop_front() {
                self.apply_request(request);
            } else if run.reports.is_due() {
                self.facts.extend(run.reports.look());
            } else {
                return self.commit(ctx);
            }
        }
    }

    /// Applies one fact; the answer waits for the step, also when it is a refusal, because a refusal may
    /// rest on something that is not committed yet.
    pub(super) fn apply(&mut self, fact: Fact, tell: Option<Tell>) {
        let now = self.services.clock.now();
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let refusal = run.engine.accept(fact, now).err();
        match (tell, refusal) {
            (Some(tell), refusal) => run.answers.push(Answer::new(tell, refusal)),
            (None, Some(refusal)) => self.note_refusal(&refusal),
            (None, None) => {}
        }
    }

    fn apply_request(&mut self, request: RunRequest) {
        match request {
            RunRequest::Launch {
                launch, receipt, ..
            } => self.launch_again(*launch, receipt),
            RunRequest::TakeUp { receipt } => {
                if let (Some(receipt), Phase::Open(run)) = (receipt, &mut self.phase) {
                    run.answers.push(Answer::new(Answer::by(receipt), None));
                }
            }
            RunRequest::Resume {
                actor,
                accept_change,
                receipt,
            } => {
                let fact = Fact::ResumeRequested {
                    actor: *actor,
                    accept_change,
                };
                self.apply(fact, Some(Answer::by(receipt)));
            }
            RunRequest::CheckDue => self.apply(Fact::TimeReached, None),
            RunRequest::ChildMoved { node, child } => {
                self.apply(Fact::ChildMoved { node, child }, None);
            }
            RunRequest::Decide { verdict, receipt } => {
                let Verdict {
                    node,
                    decision,
                    actor,
                } = *verdict;
                let fact = Fact::ApprovalDecided {
                    node,
                    decision,
                    actor,
                };
                self.apply(fact, Some(Answer::by(receipt)));
            }
            // Is taken before anything else, see `advance`.
            RunRequest::Rewind { receipt, .. } => {
                drop(receipt.send(Err(RunError::Busy(self.run_id.clone()))));
            }
            RunRequest::RetryTask { retry, receipt } => self.retry_task(*retry, receipt),
            RunRequest::RewindInterrupted { row } => {
                self.apply(Fact::RewindInterrupted(row), None);
            }
            RunRequest::Revive { from, receipt } => {
                // It may end again in the same step, and as it did before.
                self.told = RunStatus::Running;
                self.apply(Fact::Revived { from }, Some(Answer::by(receipt)));
            }
            RunRequest::Pause { actor, receipt } => {
                let fact = Fact::PauseRequested { actor: *actor };
                self.apply(fact, Some(Answer::by(receipt)));
            }
            RunRequest::Signal { message, receipt } => self.apply_signal(*message, receipt),
            RunRequest::Cancel { actor, receipt } => {
                let fact = Fact::CancelRequested { actor: *actor };
                self.apply(fact, Some(Answer::by(receipt)));
            }
        }
    }

    /// Has a task done again, and tells what is done again with it.
    fn retry_task(&mut self, retry: Retry, receipt: Receipt<Vec<NodeKey>>) {
        let Phase::Open(run) = &self.phase else {
            return;
        };
        let Retry {
            node,
            dependents,
            accept_change,
            actor,
        } = retry;
        // What cannot be reset is refused by the fact too.
        let reset = run.engine.nodes_to_reset(&node, dependents);
        let reset = reset.unwrap_or_default();
        let fact = Fact::RetryRequested {
            node,
            dependents,
            actor,
            accept_change,
        };
        let tell = |outcome: Result<(), RunError>| drop(receipt.send(outcome.map(|()| reset)));
        self.apply(fact, Some(Box::new(tell)));
    }

    fn apply_signal(&mut self, message: SignalMessage, receipt: Receipt<SignalKept>) {
        let now = self.services.clock.now();
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if let Some(next) = run.engine.row().next_run_id() {
            let tell = forward(self.registry.clone(), next, message, receipt);
            return run.answers.push(Answer::new(Box::new(tell), None));
        }
        let SignalMessage {
            address,
            payload,
            actor,
        } = message;
        let fact = Fact::SignalReceived {
            address,
            payload,
            actor,
        };
        let refusal = run.engine.accept(fact, now).err();
        let (seq, received_at) = run.engine.newest_signal().unwrap_or((0, now));
        let kept = SignalKept { seq, received_at };
        let tell = move |outcome: Result<(), RunError>| drop(receipt.send(outcome.map(|()| kept)));
        run.answers.push(Answer::new(Box::new(tell), refusal));
    }

    fn note_refusal(&self, refusal: &Refusal) {
        tracing::debug!(run.id = %self.run_id, %refusal, "fact changed nothing");
    }

    /// Asks the workflow for a frame, unless the newest one stands. A session is opened when there is none.
    fn make_frame(&mut self, ctx: &mut Context<Self>) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let OpenRun {
            engine,
            session,
            session_no,
            workflow,
            ..
        } = &mut **run;
        let session = session.get_or_insert_with(|| {
            engine.session_opened();
            *session_no += 1;
            workflow.open(&self.run_id)
        });
        let calls = engine.calls_before_next_frame();
        let input = engine.render_input();
        if engine.has_frame() && session.stands(&input, calls) {
            return self.apply(Fact::FrameStands, None);
        }
        let frame = session.render(input);
        run.activity = Activity::Rendering;
        let (address, life) = (ctx.address(), self.life);
        ctx.spawn(
            async move {
                address.do_send(FrameRendered {
                    life,
                    result: frame.await,
                })
            }
            .into_actor(self),
        );
    }

    /// Hands the open step to the writer, or rests when there is none.
    pub(super) fn commit(&mut self, ctx: &mut Context<Self>) {
        let now = self.services.clock.now();
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        let Step {
            events,
            changes,
            commands,
        } = run.engine.take_step();
        let answers = std::mem::take(&mut run.answers);
        if events.is_empty() && changes.is_empty() {
            answers.into_iter().for_each(Answer::send);
            self.perform(commands, ctx);
            return self.rest();
        }
        let expected = run.numbers;
        let step = StepWrite {
            run_id: self.run_id.clone(),
            epoch: self.services.epoch,
            expected_seq: expected.seq,
            expected_stream_seq: expected.stream_seq,
            events: run.numbers.number(&self.run_id, &events, now),
            changes,
        };
        let landed = run.flights.land(&run.engine);
        run.activity = Activity::Committing {
            commands,
            answers,
            landed,
        };
        self.submit(step, ctx);
    }

    pub(super) fn submit(&mut self, step: StepWrite, ctx: &mut Context<Self>) {
        let (address, life) = (ctx.address(), self.life);
        let reply = Box::new(move |outcome| address.do_send(StepSettled { life, outcome }));
        if let Err(error) = self.services.writer.submit(step, reply) {
            self.not_submitted(&error);
        }
    }

    /// Closes the run when nothing can happen until somebody asks.
    fn rest(&mut self) {
        let Phase::Open(run) = &self.phase else {
            return;
        };
        let resting = matches!(run.activity, Activity::Idle)
            && run.engine.status() != RunStatus::Running
            && self.requests.is_empty()
            && self.facts.is_empty()
            && run.scorings.are_over();
        if resting {
            self.close();
        }
    }
}

impl Handler<FrameRendered> for RunActor {
    type Result = ();

    fn handle(&mut self, message: FrameRendered, ctx: &mut Self::Context) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if message.life != self.life {
            return;
        }
        run.activity = Activity::Idle;
        let fact = match message.result {
            Ok(tree) => Fact::Rendered(tree),
            Err(error) => Fact::RenderFailed(error),
        };
        self.apply(fact, None);
        self.advance(ctx);
    }
}

/// Hands a signal on to the run that goes on in place of one, once that is committed.
fn forward(
    registry: Addr<RunRegistry>,
    next: RunId,
    message: SignalMessage,
    receipt: Receipt<SignalKept>,
) -> impl FnOnce(Result<(), RunError>) {
    move |outcome| match outcome {
        Ok(()) => registry.do_send(Redeliver {
            run_id: next,
            request: RunRequest::Signal {
                message: Box::new(message),
                receipt,
            },
        }),
        Err(error) => drop(receipt.send(Err(error))),
    }
}
