//! Taking the run back to a frame.
//!
//! ```text
//!   its past is read ──► effects that stand in the way? ──► refused
//!                   └──► effects to take back? ──► they are, one by one, the newest first
//!                   └──► worktrees to bring back? ──► they are
//!                   └──► the engine decides, one step, and the run is read back from its rows
//! ```
//!
//! Facts and requests wait meanwhile. What the bodies of tasks give that were under way belongs to what did not happen.

mod past;
mod revert;

use std::collections::VecDeque;

use actix::prelude::*;
use smithers_engine::Refusal;
use smithers_model::fact::Fact;
use smithers_model::node::AttemptRow;
use smithers_model::rewind::{EffectBoundary, RewindRequest};
use smithers_store::read::ReadResult;

use super::error::RunError;
use super::messages::{Receipt, RewindOrder, Rewinding, RunRequest};
use super::open::{Activity, Answer};
use super::{Phase, RunActor};
use crate::registry::Redeliver;
use past::Known;
pub use past::past;

/// Its past was read.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct PastRead {
    /// Life of the in-memory state that asked.
    life: u64,
    order: RewindOrder,
    receipt: Receipt<Rewinding>,
    past: ReadResult<Option<Known>>,
}

/// Takes the next request out, when it is to take the run back.
pub(super) fn next_rewind(
    requests: &mut VecDeque<RunRequest>,
) -> Option<(RewindOrder, Receipt<Rewinding>)> {
    match requests.pop_front_if(|request| is_rewind(request))? {
        RunRequest::Rewind { order, receipt } => Some((*order, receipt)),
        _ => None,
    }
}

fn is_rewind(request: &RunRequest) -> bool {
    matches!(request, RunRequest::Rewind { .. })
}

impl RunActor {
    /// Returns whether the next request has to wait: a child that is being started would be there without the run that
    /// has started it.
    pub(super) fn rewind_waits(&self) -> bool {
        self.searches > 0 && self.requests.front().is_some_and(is_rewind)
    }

    /// Takes the run back once what is in memory is stored.
    pub(super) fn begin_rewind(
        &mut self,
        order: RewindOrder,
        receipt: Receipt<Rewinding>,
        ctx: &mut Context<Self>,
    ) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        if !run.engine.has_open_changes() {
            return self.look_back(order, receipt, ctx);
        }
        // Asked for again after the commit; a request that stayed here would come back to each actor that opens the
        // run in vain.
        let (registry, run_id) = (self.registry.clone(), self.run_id.clone());
        let order = Box::new(order);
        let tell = move |outcome: Result<(), RunError>| match outcome {
            Ok(()) => registry.do_send(Redeliver {
                run_id,
                request: RunRequest::Rewind { order, receipt },
            }),
            Err(error) => drop(receipt.send(Err(error))),
        };
        run.answers.push(Answer::new(Box::new(tell), None));
        self.commit(ctx);
    }

    /// Reads the past of the run; everything else waits meanwhile.
    fn look_back(
        &mut self,
        order: RewindOrder,
        receipt: Receipt<Rewinding>,
        ctx: &mut Context<Self>,
    ) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        run.activity = Activity::LookingBack;
        let (backend, run_id) = (self.services.backend.clone(), self.run_id.clone());
        let (address, life) = (ctx.address(), self.life);
        ctx.spawn(
            async move {
                let frame_no = order.frame_no;
                let look = move || past::known(&*backend.snapshot()?, &run_id, frame_no);
                let past = match crate::reading::off_arbiter(look).await {
                    Ok(past) => past,
                    Err(gone) => Err(smithers_store::Error::reader_gone(&gone)),
                };
                address.do_send(PastRead {
                    life,
                    order,
                    receipt,
                    past,
                });
            }
            .into_actor(self),
        );
    }

    /// The rows are not what is in memory any more: begins a new life from them.
    pub(super) fn read_back(&mut self, ctx: &mut Context<Self>) {
        if let Phase::Open(run) = &mut self.phase {
            run.session = None;
        }
        self.facts.clear();
        self.reload(None, ctx);
    }

    /// What was read, unless the run cannot be taken back to the frame.
    fn checked(
        &self,
        order: &RewindOrder,
        past: ReadResult<Option<Known>>,
    ) -> Result<Known, RunError> {
        let Phase::Open(run) = &self.phase else {
            return Err(RunError::Busy(self.run_id.clone()));
        };
        let newest = run.engine.newest_frame();
        if order.frame_no > newest {
            return Err(Refusal::FrameOutOfRange { newest }.into());
        }
        let run_id = self.run_id.clone();
        let past = past.map_err(|source| match source {
            damage @ smithers_store::Error::Damaged { .. } => history_damaged(&damage.to_string()),
            source => RunError::Read {
                run: run_id,
                source,
            },
        })?;
        let incomplete = || history_damaged("it does not reach back to the beginning of the run");
        let mut past = past.ok_or_else(incomplete)?;
        if order.frame_no == newest {
            past.calls.clear();
            past.files.clear();
        }
        Ok(past)
    }

    fn past_read(
        &mut self,
        order: RewindOrder,
        receipt: Receipt<Rewinding>,
        past: ReadResult<Option<Known>>,
        ctx: &mut Context<Self>,
    ) {
        let past = match self.checked(&order, past) {
            Ok(past) => past,
            Err(error) => return self.give_up_rewind(error, receipt, ctx),
        };
        let boundary = EffectBoundary::of(past.calls.iter().cloned(), order.no_revert);
        if !boundary.blocking.is_empty() && !order.force {
            let error = RunError::EffectsBlock(Box::new(boundary));
            return self.give_up_rewind(error, receipt, ctx);
        }
        if boundary.revertible.is_empty() && past.files.is_empty() {
            let request = request(order, past, boundary);
            return self.apply_rewind(request, 0, receipt, ctx);
        }
        self.revert(order, past, boundary, receipt, ctx);
    }

    /// Nothing has happened: the run goes on.
    fn give_up_rewind(
        &mut self,
        error: RunError,
        receipt: Receipt<Rewinding>,
        ctx: &mut Context<Self>,
    ) {
        drop(receipt.send(Err(error)));
        if let Phase::Open(run) = &mut self.phase {
            run.activity = Activity::Idle;
        }
        self.advance(ctx);
    }

    fn apply_rewind(
        &mut self,
        request: RewindRequest,
        worktrees_back: u64,
        receipt: Receipt<Rewinding>,
        ctx: &mut Context<Self>,
    ) {
        let Phase::Open(run) = &mut self.phase else {
            return;
        };
        run.activity = Activity::Idle;
        let from_frame_no = run.engine.newest_frame();
        let is_elsewhere = request.frame_no < from_frame_no;
        let attempts = request.past.attempts.iter();
        let gone = attempts.filter(|row| {
            let key = (row.node.clone(), row.attempt);
            is_elsewhere && !request.past.snapshot.attempts.contains_key(&key)
        });
        let changes =
            |row: &&AttemptRow| row.files.as_ref().is_some_and(|files| files.end.is_some());
        let rewinding = Rewinding {
            from_frame_no,
            deleted_frames: from_frame_no - request.frame_no,
            deleted_attempts: gone.clone().count() as u64,
            forgotten_changes: gone.filter(changes).count() as u64,
            worktrees_back,
            boundary: request.boundary.clone(),
        };
        let tell =
            move |outcome: Result<(), RunError>| drop(receipt.send(outcome.map(|()| rewinding)));
        let fact = Fact::RewindRequested(Box::new(request));
        self.apply(fact, Some(Box::new(tell)));
        let Phase::Open(run) = &self.phase else {
            return;
        };
        // What is in memory knows of what has not happened: nothing is asked of it before it is read back.
        match run.engine.has_open_changes() {
            true => self.commit(ctx),
            false => self.advance(ctx),
        }
    }
}

impl Handler<PastRead> for RunActor {
    type Result = ();

    fn handle(&mut self, message: PastRead, ctx: &mut Self::Context) {
        let PastRead {
            life,
            order,
            receipt,
            past,
        } = message;
        if life != self.life {
            // Nothing was asked of the engine yet.
            return drop(receipt.send(Err(RunError::Busy(self.run_id.clone()))));
        }
        self.past_read(order, receipt, past, ctx);
    }
}

/// What the engine is asked.
fn request(order: RewindOrder, known: Known, boundary: EffectBoundary) -> RewindRequest {
    RewindRequest {
        frame_no: order.frame_no,
        actor: order.actor,
        accept_change: order.accept_change,
        op: order.op,
        begun_at: order.begun_at,
        past: known.past,
        boundary,
        reverted: Vec::new(),
    }
}

fn history_damaged(reason: &str) -> RunError {
    let reason = reason.to_owned();
    Refusal::HistoryDamaged { reason }.into()
}
