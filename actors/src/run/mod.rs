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
mod error;
mod load;
mod messages;
mod numbers;
mod open;
mod perform;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use actix::prelude::*;
use smithers_model::fact::Fact;
use smithers_model::{Epoch, RunId};
use smithers_model::time::Clock;
use smithers_store::Backend;
use smithers_store::writer::WriterHandle;

use crate::catalogue::Catalogue;
use crate::registry::{RunClosed, RunDied, RunRegistry};
use crate::scheduler::Nudge;

pub use error::RunError;
pub use messages::{Deliver, Forget, Receipt, RunRequest, Stop};
use open::OpenRun;

/// Messages that may wait in front of one run. Requests beyond it are told `Busy`; a run handles one in
/// microseconds, so a full mailbox means that its commits do not come back.
pub const MAILBOX: usize = 1_024;

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
    /// Generation of this process.
    pub epoch: Epoch,
    /// Told about due times.
    pub scheduler: Nudge,
}

/// See the module documentation.
pub struct RunActor {
    run_id: RunId,
    services: Arc<RunServices>,
    registry: Addr<RunRegistry>,
    phase: Phase,
    life: u64,
    requests: VecDeque<RunRequest>,
    facts: VecDeque<Fact>,
    stopped: bool,
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
    /// Makes the actor of `run_id`; nothing is read before it starts. The first request decides whether the
    /// run is created or loaded.
    pub fn new(run_id: RunId, services: Arc<RunServices>, registry: Addr<RunRegistry>) -> Self {
        Self {
            run_id,
            services,
            registry,
            phase: Phase::Loading,
            life: 0,
            requests: VecDeque::new(),
            facts: VecDeque::new(),
            stopped: false,
        }
    }

    /// Tells the registry that nothing is left to do. It answers with [`Stop`] once no request can follow.
    fn close(&mut self) {
        if !matches!(self.phase, Phase::Closing) {
            self.phase = Phase::Closing;
            self.life += 1;
            self.facts.clear();
            self.registry.do_send(RunClosed { run_id: self.run_id.clone() });
            for request in self.requests.drain(..) {
                self.registry.do_send(crate::registry::Redeliver { run_id: self.run_id.clone(), request });
            }
        }
    }
}

impl Actor for RunActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Drop for RunActor {
    /// A run actor that goes without having been stopped has panicked: the registry opens the run again.
    fn drop(&mut self) {
        if !self.stopped {
            self.registry.do_send(RunDied { run_id: self.run_id.clone() });
        }
    }
}

impl Handler<Deliver> for RunActor {
    type Result = ();

    fn handle(&mut self, Deliver(request): Deliver, ctx: &mut Self::Context) {
        match &self.phase {
            Phase::Closing => {
                self.registry.do_send(crate::registry::Redeliver { run_id: self.run_id.clone(), request });
            }
            Phase::Loading if self.life == 0 => self.begin(request, ctx),
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
        for request in self.requests.drain(..) {
            request.refuse(RunError::OutcomeUnknown);
        }
        self.close();
    }
}

impl Handler<Stop> for RunActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.stopped = true;
        ctx.stop();
    }
}
