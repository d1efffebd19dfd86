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
use smithers_model::time::Clock;
use smithers_protocol::frame::{Challenge, Payload};

pub use admission::{ConnectionLimits, Connections, PoolFull, Ticket};
pub use identity::{Authenticator, Caller, Identity, Transport, UpgradeInfo, authorise};
pub use services::{Connection, Dispatch, Greeter, Greeting, Hello, Services};

use crate::hub::{Closed, SessionId};
use crate::outbox::{Incoming, Outbox, ReadGate};

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
    clock: Arc<dyn Clock>,
    socket: Socket,
    /// Known once started.
    id: Option<SessionId>,
    identity: Option<Arc<Identity>>,
}

/// Starts the session of a socket on the current arbiter. It ends with the socket.
pub fn start(
    services: Services,
    clock: Arc<dyn Clock>,
    socket: Socket,
    incoming: impl Stream<Item = Incoming> + 'static,
) -> Addr<SessionActor> {
    SessionActor::create(|ctx| {
        SessionActor::add_stream(incoming, ctx);
        SessionActor {
            services,
            clock,
            socket,
            id: None,
            identity: None,
        }
    })
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    /// Sends the challenge at once: clients may wait for it.
    fn started(&mut self, ctx: &mut Self::Context) {
        let (outbox, gate) = (self.socket.outbox.clone(), self.socket.gate.clone());
        let address = ctx.address();
        outbox.when_gone(move || address.do_send(Closed));
        let id = self
            .services
            .hub
            .join(outbox, gate, ctx.address().recipient());
        self.id = Some(id);
        let nonce = uuid::Uuid::new_v4().to_string();
        let challenge = Challenge {
            nonce,
            ts: self.clock.now().0,
        };
        let payload = Payload::encode(&challenge).expect("a challenge has text keys");
        self.services.hub.tell(id, Challenge::EVENT, &payload);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if let Some(id) = self.id {
            self.services.hub.leave(id);
        }
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
