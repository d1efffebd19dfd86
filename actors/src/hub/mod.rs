//! The fan-out of committed events to the sockets of one HTTP worker.
//!
//! ```text
//! HubBus --Deliver--> FanoutHub ---head + shared body + tail---> outboxes of this worker
//!                        ^  \---catch_up tasks: pages of the store as an outbox drains
//! SessionActor --Handle--'
//! ```
//!
//! One hub per arbiter. What comes from other threads passes its mailbox, in the order of the
//! commits; the sessions of the same arbiter use a [`Handle`] and act at once. The hub knows
//! neither HTTP nor methods.

mod batch;
mod bus;
mod caps;
mod catch_up;
mod cursor;
mod fanout;
mod handle;
mod index;
mod lane;
mod member;
mod pages;
mod state;
mod stream;
mod sweep;
#[cfg(test)]
mod tests;
mod timing;
mod trees;
mod window;

use std::time::Instant;

use actix::prelude::*;

pub use batch::{Batch, LiveEvent};
pub use bus::{Deliver, HubBus, HubPublisher, Receipt};
pub use caps::{StreamCaps, StreamLimits, StreamSlot};
pub use handle::{Handle, Status};
pub use index::Subscription;
pub use member::Access;
pub use pages::{Page, Pages, ReadFailed, RunRecords, StorePages};
pub use state::Parts;
pub(crate) use state::new_stream_id;
pub(crate) use stream::Lag;
pub use timing::Timing;
pub(crate) use trees::Undelivered;
pub use window::Replay;

/// Names a session inside its hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

/// The hub has closed the socket; the session has nothing left to do.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Closed;

/// The mailbox in front of a hub, and its timer.
pub struct FanoutHub {
    hub: Handle,
}

/// Starts a hub on the current arbiter and adds it to the bus, which keeps it alive.
pub fn start(parts: Parts, bus: &HubBus) -> Handle {
    let hub = Handle::new(parts);
    let address = FanoutHub { hub: hub.clone() }.start();
    let state_version = bus.register(address.recipient());
    hub.with(|hub| hub.state_version = state_version);
    hub
}

impl Actor for FanoutHub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let period = self.hub.with(|hub| hub.parts.timing.sweep);
        ctx.run_interval(period, |actor, _| {
            actor.hub.with(|hub| hub.sweep(Instant::now()))
        });
    }
}

impl Handler<Deliver> for FanoutHub {
    type Result = AtomicResponse<Self, ()>;

    /// Fills the outboxes, then lets the sockets run before the next batch is looked at.
    fn handle(&mut self, message: Deliver, _: &mut Self::Context) -> Self::Result {
        let behind = self.hub.with(|hub| hub.deliver(&message.batch));
        for key in behind {
            actix_rt::spawn(catch_up::catch_up(self.hub.clone(), key, None));
        }
        let receipt = message.receipt;
        let rest = async move {
            actix_rt::task::yield_now().await;
            drop(receipt);
        };
        AtomicResponse::new(Box::pin(rest.into_actor(self)))
    }
}
