//! The actor of one open run: orders facts, renders, commits, then acts. It contains no workflow rules;
//! those are in the engine.
//!
//! ```text
//!  request, task result ──► queue ──► engine.accept ──► (render ⇄ script) ──► step
//!                                                                              │ one at a time
//!  commands, receipts ◄── settled ◄── writer thread ◄──────────────────────────┘
//! ```
//!
//! **Invariant.** Nothing leaves this actor before the step that decided it is committed.
//! **Invariant.** Results are tagged with the *life* of the in-memory state that asked for them; a reload
//! begins a new life and what comes for an old one is dropped.

mod advance;
mod at_rest;
mod cached;
mod child;
#[cfg(test)]
mod crowd_tests;
mod error;
#[cfg(test)]
mod faults;
mod load;
#[cfg(test)]
mod lost_runtime_tests;
mod messages;
mod notify;
mod numbers;
mod open;
#[cfg(test)]
mod output_tests;
mod perform;
mod precedents;
mod reports;
mod rewind;
mod scoring;
mod settle;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod succession_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unreadable_tests;
mod worktrees;

use std::collections::VecDeque;
use std::sync::Arc;

use actix::dev::channel::channel;
use actix::prelude::*;
use smithers_engine::ChangedWorkflow;
use smithers_model::fact::Fact;
use smithers_model::ownership::ApprovalPolicy;
use smithers_model::run::RunStatus;
use smithers_model::time::Clock;
use smithers_model::{Epoch, RunId};
use smithers_store::Backend;
use smithers_store::writer::WriterHandle;
use smithers_vcs::Worktrees;

use crate::catalogue::Catalogue;
use crate::registry::{Redeliver, RunClosed, RunLost, RunRegistry};
use crate::scheduler::Nudge;
use crate::turns::Turns;

pub use at_rest::AtRest;
pub(crate) use child::{parent_as_person, subflow_of};
pub use error::RunError;
pub use messages::{
    CheckedBy, Deliver, Forget, Receipt, Retry, RewindOrder, Rewinding, RunRequest, SignalKept,
    SignalMessage, Stop, Verdict,
};
use open::OpenRun;
pub use rewind::past;

/// Messages that may wait in front of one run; it takes one in microseconds.
pub const MAILBOX: usize = 1_024;
/// Requests that may wait while a run loads, renders or commits. Those beyond it are told `Busy`: so many mean
/// that its commits do not come back.
pub const WAITING: usize = 256;

/// What every run needs from outside.
#[derive(Clone)]
pub struct RunServices {
    /// The write path.
    pub writer: WriterHandle,
    /// The read path.
    pub backend: Arc<dyn Backend>,
    /// Registered workflows.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who looks up or makes a kept result.
    pub turns: Turns,
    /// What the operator says of approvals.
    pub approvals: Arc<ApprovalPolicy>,
    /// Tasks of a run in flight at most, when neither its launch nor its workflow says more.
    pub concurrency_ceiling: u32,
    /// Makes the worktrees of tasks.
    pub worktrees: Arc<Worktrees>,
    /// What becomes of a run whose workflow has changed since it last went on.
    pub changed_workflow: ChangedWorkflow,
    /// Generation of this process.
    pub epoch: Epoch,
    /// Told about due times.
    pub scheduler: Nudge,
}

/// See the module documentation.
pub struct RunActor {
    run_id: RunId,
    incarnation: u64,
    services: Arc<RunServices>,
    registry: Addr<RunRegistry>,
    phase: Phase,
    life: u64,
    requests: VecDeque<RunRequest>,
    /// Searches for children under way, which may start one.
    searches: u32,
    facts: VecDeque<Fact>,
    stopped: bool,
    /// The last step was refused; a second refusal in a row closes the run for a while.
    refused: bool,
    /// The status that a parent has been told of, or has not yet to be told of.
    told: RunStatus,
}

/// Where the actor is in its own life.
enum Phase {
    /// Rows are being read.
    Loading,
    /// The step that creates the run is being committed.
    Launching(Box<load::Launching>),
    /// The state is in memory.
    Open(Box<OpenRun>),
    /// The registry was told; requests go back to it.
    Closing,
}

impl RunActor {
    /// Makes the actor of `run_id`; nothing is read before its first request, which decides whether the run is
    /// created or loaded. `incarnation` tells the actors that a run has one after the other apart.
    pub fn new(
        run_id: RunId,
        incarnation: u64,
        services: Arc<RunServices>,
        registry: Addr<RunRegistry>,
    ) -> Self {
        Self {
            run_id,
            incarnation,
            services,
            registry,
            phase: Phase::Loading,
            life: 0,
            requests: VecDeque::new(),
            searches: 0,
            facts: VecDeque::new(),
            stopped: false,
            refused: false,
            told: RunStatus::Running,
        }
    }

    /// Starts an actor on `arbiter`. Its mailbox has its size from the beginning: one that is set by the actor
    /// itself lets only sixteen requests wait until the arbiter has come to start it.
    pub fn start_on(
        arbiter: &ArbiterHandle,
        make: impl FnOnce() -> Self + Send + 'static,
    ) -> Addr<Self> {
        let (sender, receiver) = channel(MAILBOX);
        // An arbiter that has ended drops the receiver, so that senders are told.
        let _ = arbiter.spawn_fn(move || {
            Context::with_receiver(receiver).run(make());
        });
        Addr::new(sender)
    }

    /// Closes a run that has nothing left to do.
    fn close(&mut self) {
        self.leave(true);
    }

    /// Closes a run whose state in memory is worth nothing any more.
    fn abandon(&mut self) {
        self.leave(false);
    }

    /// Tells the registry, which answers with [`Stop`] once no request can follow; what waits goes back to it.
    fn leave(&mut self, at_rest: bool) {
        if matches!(self.phase, Phase::Closing) {
            return;
        }
        self.phase = Phase::Closing;
        self.life += 1;
        self.facts.clear();
        self.registry.do_send(self.closed(at_rest));
        for request in std::mem::take(&mut self.requests) {
            self.hand_back(request);
        }
    }

    /// Closes the run and asks for it to be opened again from its rows after a pause.
    fn reopen_later(&mut self, reason: &'static str) {
        self.abandon();
        let run_id = self.run_id.clone();
        self.registry.do_send(RunLost { run_id, reason });
    }

    fn closed(&self, at_rest: bool) -> RunClosed {
        RunClosed {
            run_id: self.run_id.clone(),
            incarnation: self.incarnation,
            at_rest,
        }
    }

    fn hand_back(&self, request: RunRequest) {
        let run_id = self.run_id.clone();
        self.registry.do_send(Redeliver { run_id, request });
    }
}

impl Actor for RunActor {
    type Context = Context<Self>;
}

impl Drop for RunActor {
    /// A run actor that goes without having been stopped has panicked: the registry opens the run again.
    fn drop(&mut self) {
        if !self.stopped {
            let run_id = self.run_id.clone();
            self.registry.do_send(self.closed(false));
            self.registry.do_send(RunLost {
                run_id,
                reason: "its actor panicked",
            });
        }
    }
}

impl Handler<Deliver> for RunActor {
    type Result = ();

    fn handle(&mut self, Deliver(request): Deliver, ctx: &mut Self::Context) {
        match &self.phase {
            Phase::Closing => self.hand_back(request),
            Phase::Loading if self.life == 0 => self.begin(request, ctx),
            _ if self.requests.len() >= WAITING => {
                request.refuse(RunError::Busy(self.run_id.clone()));
            }
            _ => {
                self.requests.push_back(request);
                self.advance(ctx);
            }
        }
    }
}

impl Handler<Forget> for RunActor {
    type Result = ();

    fn handle(&mut self, _: Forget, _: &mut Self::Context) {
        if let Phase::Open(run) = &mut self.phase {
            run.answer_unknown();
        }
        for request in std::mem::take(&mut self.requests) {
            match request {
                // The recovery sweep asks once: its request goes on to the next actor of the run.
                RunRequest::TakeUp { .. }
                | RunRequest::CheckDue
                | RunRequest::ChildMoved { .. } => self.hand_back(request),
                other => other.refuse(RunError::OutcomeUnknown),
            }
        }
        self.abandon();
    }
}

impl Handler<Stop> for RunActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.stopped = true;
        ctx.stop();
    }
}
