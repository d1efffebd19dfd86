//! One WebSocket: handshake, requests and their answers.
//!
//! ```text
//! transport --Incoming--> SessionActor --frames--> hub::Handle --> outbox --> transport
//!                              \--Call--> Dispatch (detached; outlives the socket)
//! ```
//!
//! An ordinary actor on the worker's arbiter, so that its work does not depend on whether the
//! peer reads. It holds what one connection is, and nothing of HTTP; everything that goes out is
//! written by the hub.

mod admission;
mod connect;
mod identity;
mod observer;
mod requests;
mod services;
mod streams;
#[cfg(test)]
pub(crate) mod testkit;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix::prelude::*;
use futures_core::Stream;
use smithers_model::Timestamp;
use smithers_model::time::Clock;
use smithers_protocol::frame::{Challenge, Payload};

pub use admission::{ConnectionLimits, Connections, PoolFull, Ticket};
pub use identity::{Authenticator, Caller, Identity, Transport, UpgradeInfo, authorise};
pub use observer::{Answered, NoObserver, Observer};
pub use services::{Connection, Dispatch, Greeter, Greeting, Hello, Services};

use crate::hub::{Closed, SessionId};
use crate::outbox::{Incoming, Outbox, ReadGate};
use observer::Watch;

/// A socket that was upgraded.
#[derive(Debug)]
pub struct Socket {
    /// Its outgoing frames.
    pub outbox: Outbox,
    /// Holds back its incoming ones.
    pub gate: ReadGate,
    /// What its upgrade request brought.
    pub upgrade: UpgradeInfo,
    /// Its place in the pools.
    pub ticket: Ticket,
}

/// The conversation with one client.
pub struct SessionActor {
    services: Services,
    socket: Socket,
    id: SessionId,
    watch: Watch,
    identity: Option<Arc<Identity>>,
}

/// Starts the session of a socket on the current arbiter; its first frame is the challenge. It
/// ends with the socket.
pub fn start(
    services: Services,
    clock: Arc<dyn Clock>,
    socket: Socket,
    incoming: impl Stream<Item = Incoming> + 'static,
) -> Addr<SessionActor> {
    SessionActor::create(|ctx| {
        let address = ctx.address();
        socket.outbox.when_gone(move || address.do_send(Closed));
        let (outbox, gate) = (socket.outbox.clone(), socket.gate.clone());
        let id = services.hub.join(outbox, gate, ctx.address().recipient());
        challenge(&services, id, clock.now());
        SessionActor::add_stream(incoming, ctx);
        let upgrade = &socket.upgrade;
        let connection = upgrade.request_id.clone();
        SessionActor {
            watch: Watch::new(services.observer.clone(), connection, upgrade.address),
            services,
            socket,
            id,
            identity: None,
        }
    })
}

/// Clients may wait for this before they say anything.
fn challenge(services: &Services, id: SessionId, now: Timestamp) {
    let challenge = Challenge {
        nonce: uuid::Uuid::new_v4().to_string(),
        ts: now.0,
    };
    let payload = Payload::encode(&challenge).expect("a challenge has text keys");
    services.hub.tell(id, Challenge::EVENT, &payload);
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Self::Context) {
        self.services.hub.leave(self.id);
    }
}

impl StreamHandler<Incoming> for SessionActor {
    fn handle(&mut self, message: Incoming, ctx: &mut Self::Context) {
        match message {
            Incoming::Text(text) => self.receive(&text, ctx),
            Incoming::Closed { code, reason } => {
                tracing::debug!(code, reason, "socket closed by the peer");
                ctx.stop();
            }
        }
    }
}

impl Handler<Closed> for SessionActor {
    type Result = ();

    /// Ends the session: the peer is gone, or the hub has closed the socket.
    fn handle(&mut self, _: Closed, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
