//! The actor in front of the writer thread. Steps go to the thread directly; this actor watches its state:
//! when the database fails, all runs drop what they hold in memory, and once it is open again they are taken
//! up from their rows.

use actix::prelude::*;
use smithers_store::writer::{WriterHandle, WriterState};

use crate::registry::Runs;
use crate::scheduler::{Recover, Scheduler};

/// See the module documentation.
pub struct WriterActor {
    writer: WriterHandle,
    runs: Runs,
    scheduler: Addr<Scheduler>,
}

impl WriterActor {
    /// Watches `writer`; give its address to the writer's state callback as [`WriterStateChanged`].
    pub fn spawn(writer: WriterHandle, runs: Runs, scheduler: Addr<Scheduler>) -> Addr<Self> {
        Self {
            writer,
            runs,
            scheduler,
        }
        .start()
    }
}

impl Actor for WriterActor {
    type Context = Context<Self>;
}

/// The writer's state has changed.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct WriterStateChanged(pub WriterState);

impl Handler<WriterStateChanged> for WriterActor {
    type Result = ();

    fn handle(&mut self, WriterStateChanged(state): WriterStateChanged, _: &mut Self::Context) {
        match state {
            WriterState::Ready => {
                tracing::warn!(
                    generation = self.writer.generation(),
                    "the database accepts writes again"
                );
                self.scheduler.do_send(Recover);
            }
            WriterState::Degraded { reason, .. } => {
                tracing::error!(%reason, "the database failed; launches and decisions are refused");
                self.runs.forget_all();
            }
        }
    }
}
