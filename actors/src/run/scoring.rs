//! Scorers of tasks: asked beside the run, which goes on, parks or ends meanwhile (workflow-model 18).
//!
//! A session that a scorer belongs to is kept until it has answered; a run that has ended stays in memory for as long.
//! Both are bounded: a scorer has its time limit.

use actix::prelude::*;
use metrics::counter;
use smithers_model::error::ErrorInfo;
use smithers_model::fact::Fact;
use smithers_model::score::{Judgement, SCORER_FAILED, ScoringKey};
use smithers_model::workflow::{CallError, WorkflowSession};

use super::messages::RunRequest;
use super::{Phase, RunActor};

/// What came of a scoring.
#[derive(Message)]
#[rtype(result = "()")]
struct ScoringEnded {
    /// Life of the in-memory state that asked.
    life: u64,
    key: ScoringKey,
    result: Result<Judgement, CallError>,
}

/// Scorings under way, and the sessions that the run has let go of meanwhile.
#[derive(Default)]
pub(super) struct Scorings {
    under_way: usize,
    sessions: Vec<Box<dyn WorkflowSession>>,
}

impl Scorings {
    /// Whether nobody is looking at a result.
    pub(super) fn are_over(&self) -> bool {
        self.under_way == 0
    }

    /// Takes a session that the run does without from now on.
    pub(super) fn outlast(&mut self, session: Option<Box<dyn WorkflowSession>>) {
        if self.under_way > 0 {
            self.sessions.extend(session);
        }
    }

    fn ended(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0 {
            self.sessions.clear();
        }
    }
}

impl RunActor {
    /// Asks a scorer; its step is committed.
    pub(super) fn ask_scorer(&mut self, key: ScoringKey, latency_ms: u64, ctx: &mut Context<Self>) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        run.scorings.under_way += 1;
        let asked = run
            .session
            .as_mut()
            .map(|session| session.score(key.clone(), latency_ms));
        let (address, life) = (ctx.address(), self.life);
        ctx.spawn(
            async move {
                let result = match asked {
                    Some(asked) => asked.await,
                    None => Err(CallError::RuntimeLost {
                        message: "the session of its task is gone".to_owned(),
                    }),
                };
                address.do_send(ScoringEnded { life, key, result });
            }
            .into_actor(self),
        );
    }
}

impl RunActor {
    /// Returns whether a run that is only here for its scorers is needed again. What its parent has noted of its end is
    /// in its rows and not in memory.
    pub(super) fn is_to_be_read_first(&self) -> bool {
        let is_revival = |request: &RunRequest| matches!(request, RunRequest::Revive { .. });
        let Phase::Open(run) = &self.phase else {
            return false;
        };
        !run.scorings.are_over()
            && run.engine.status().is_terminal()
            && self.requests.front().is_some_and(is_revival)
    }

    /// Stores what is in memory, or else reads the run back. Its scorers are told to have been cut off.
    pub(super) fn read_first(&mut self, ctx: &mut Context<Self>) {
        let Phase::Open(run) = &self.phase else {
            return;
        };
        match run.engine.has_open_changes() {
            true => self.commit(ctx),
            false => self.reload(None, ctx),
        }
    }
}

impl Handler<ScoringEnded> for RunActor {
    type Result = ();

    fn handle(&mut self, message: ScoringEnded, ctx: &mut Self::Context) {
        let ScoringEnded { life, key, result } = message;
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if life != self.life {
            return;
        }
        run.scorings.ended();
        let outcome = result.map(Box::new).map_err(error_of);
        let told = if outcome.is_ok() {
            "finished"
        } else {
            "failed"
        };
        counter!("smithers_scorings_total", "outcome" => told).increment(1);
        self.facts.push_back(Fact::Scored { key, outcome });
        self.advance(ctx);
    }
}

fn error_of(error: CallError) -> ErrorInfo {
    match error {
        CallError::Failed { error, .. } => error,
        CallError::RuntimeLost { message } => ErrorInfo::coded(SCORER_FAILED, message),
    }
}
