//! The registry of open runs: run id to address, opening and closing, single-flight.
//!
//! Requests find their run through a sharded map; the actor is asked only on a miss.
//! **Invariant.** At most one actor exists per run: only this actor inserts into the map, and a run that
//! closes hands back what reaches it until the registry has taken it off the map.

mod handle;
mod losses;
mod map;

use std::sync::Arc;

use actix::prelude::*;
use smithers_model::RunId;

use crate::run::{Deliver, Forget, RunActor, RunError, RunRequest, RunServices, Stop};

pub use handle::Runs;
use losses::Losses;
use map::RunMap;

/// See the module documentation.
pub struct RunRegistry {
    services: Arc<RunServices>,
    map: Arc<RunMap>,
    arbiters: Vec<ArbiterHandle>,
    losses: Losses,
    /// How many run actors have been started.
    opened: u64,
}

impl RunRegistry {
    /// Starts the registry; runs live on `arbiters`, chosen by a hash of their id.
    pub fn spawn(services: Arc<RunServices>, arbiters: Vec<ArbiterHandle>) -> Runs {
        let map = Arc::new(RunMap::default());
        let registry = Self {
            services,
            map: map.clone(),
            arbiters,
            losses: Losses::default(),
            opened: 0,
        };
        Runs::new(map, registry.start())
    }

    fn deliver(&mut self, run_id: RunId, request: RunRequest, ctx: &mut Context<Self>) {
        if !self.map.is_accepting() {
            return request.refuse(RunError::Degraded(
                "the gateway is stopping; nothing was changed, try again in a moment".into(),
            ));
        }
        let request = match self.map.try_send(&run_id, request) {
            Ok(()) => return,
            Err(request) => request,
        };
        let (services, registry) = (self.services.clone(), ctx.address());
        let arbiter = &self.arbiters[self.map.shard_of(&run_id) % self.arbiters.len()];
        let (id, incarnation) = (run_id.clone(), self.opened);
        self.opened += 1;
        let run = RunActor::start_on(arbiter, move || {
            RunActor::new(id, incarnation, services, registry)
        });
        run.do_send(Deliver(request));
        self.map.insert(run_id, incarnation, run);
    }
}

impl Actor for RunRegistry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Its messages are misses and notifications, bounded by the requests and runs that cause them.
        ctx.set_mailbox_capacity(65_536);
    }
}

/// Carries a request to its run, opening it when needed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Redeliver {
    /// The run.
    pub run_id: RunId,
    /// The request.
    pub request: RunRequest,
}

/// A run closes. It is taken off the map and stopped; what still reaches it comes back.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct RunClosed {
    pub(crate) run_id: RunId,
    /// Which of the run's actors; a later one stays.
    pub(crate) incarnation: u64,
    /// It has nothing left to do, as opposed to having lost its state.
    pub(crate) at_rest: bool,
}

/// A run has lost its state in memory although it has work to do: it is opened again from its rows, later
/// and later if it happens again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct RunLost {
    pub(crate) run_id: RunId,
    pub(crate) reason: &'static str,
}

/// All runs drop their state: the database is being reopened.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ForgetAll;

/// All runs end where they stand. Their rows carry on at the next start.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct StopAll;

impl Handler<Redeliver> for RunRegistry {
    type Result = ();

    fn handle(&mut self, message: Redeliver, ctx: &mut Self::Context) {
        self.deliver(message.run_id, message.request, ctx);
    }
}

impl Handler<RunClosed> for RunRegistry {
    type Result = ();

    fn handle(&mut self, message: RunClosed, _: &mut Self::Context) {
        if message.at_rest {
            self.losses.forget(&message.run_id);
        }
        if let Some(run) = self.map.remove(&message.run_id, message.incarnation) {
            run.do_send(Stop);
        }
    }
}

impl Handler<RunLost> for RunRegistry {
    type Result = ();

    fn handle(&mut self, RunLost { run_id, reason }: RunLost, ctx: &mut Self::Context) {
        if !self.map.is_accepting() {
            return;
        }
        let Some(delay) = self.losses.plan(&run_id) else {
            return;
        };
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::error!(run.id = %run_id, reason, delay_ms, "a run is opened again from its rows");
        ctx.run_later(delay, move |registry, ctx| {
            registry.losses.opening(&run_id);
            registry.deliver(run_id, RunRequest::TakeUp { receipt: None }, ctx);
        });
    }
}

impl Handler<ForgetAll> for RunRegistry {
    type Result = ();

    fn handle(&mut self, _: ForgetAll, _: &mut Self::Context) {
        self.map.for_each(|run| run.do_send(Forget));
    }
}

impl Handler<StopAll> for RunRegistry {
    type Result = ();

    fn handle(&mut self, _: StopAll, _: &mut Self::Context) {
        self.map.for_each(|run| run.do_send(Stop));
    }
}
