//! The handshake: who the client is, what it wants to hear, and the greeting.

use std::sync::Arc;

use actix::prelude::*;
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::RequestFrame;
use smithers_protocol::params::Connect;

use super::SessionActor;
use super::observer::Asked;
use super::services::{Greeting, Hello};
use crate::hub::{Access, Subscription};

const AUTHENTICATION_FAILED: (u16, &str) = (1008, "authentication failed");
const POOL_FULL: (u16, &str) = (1013, "connection limit reached");

impl SessionActor {
    /// Answers `connect`. A first one that fails to authenticate ends the socket; a later one
    /// that fails in any way changes nothing.
    pub(super) fn connect(&mut self, frame: RequestFrame, ctx: &mut Context<Self>) {
        let asked = Asked::by(&frame);
        let wanted = match Connect::read(frame.params.object().as_ref()) {
            Ok(wanted) => wanted,
            Err(error) => return self.answer(&asked, &Err(error)),
        };
        let upgrade = &self.socket.upgrade;
        match self
            .services
            .authenticator
            .connect(wanted.token.as_ref(), upgrade)
        {
            Ok(identity) => {
                let subscription = Subscription::of(wanted.subscribe.as_deref());
                let access = Access {
                    identity: Arc::new(identity),
                    subscription,
                };
                self.greet(asked, access, ctx);
            }
            Err(error) => self.refuse(&asked, error, AUTHENTICATION_FAILED, ctx),
        }
    }

    /// Makes the greeting; the socket is connected once it is written.
    fn greet(&mut self, asked: Asked, access: Access, ctx: &mut Context<Self>) {
        if self.socket.ticket.promote().is_err() {
            let error = RpcError::new(
                ErrorCode::ConnectionLimit,
                "Gateway connection limit reached",
            );
            return self.refuse(&asked, error, POOL_FULL, ctx);
        }
        self.services.hub.hold(self.id);
        let greeting = Greeting {
            identity: access.identity.clone(),
            session_token: uuid::Uuid::new_v4().to_string(),
            heartbeat_ms: self.services.hub.tick_ms(),
        };
        let hello = self.services.greeter.greet(greeting).into_actor(self);
        ctx.spawn(hello.map(move |hello, actor, ctx| actor.greeted(&asked, access, hello, ctx)));
    }

    /// Writes the greeting. The grants may have changed while it was made.
    fn greeted(
        &mut self,
        asked: &Asked,
        access: Access,
        hello: Result<Hello, RpcError>,
        ctx: &mut Context<Self>,
    ) {
        if let Err(error) = self.services.authenticator.recheck(&access.identity) {
            self.services.hub.release(self.id);
            return self.refuse(asked, error, AUTHENTICATION_FAILED, ctx);
        }
        match hello {
            Ok(hello) => {
                self.identity = Some(access.identity.clone());
                self.socket.gate.authenticate();
                let answer = Ok(hello.payload.clone());
                let hub = &self.services.hub;
                let bytes = hub.admit(self.id, access, &asked.id, hello);
                self.socket.gate.answered();
                self.watch
                    .answered(asked, self.identity.as_ref(), &answer, bytes);
            }
            Err(error) => {
                self.give_up();
                self.answer(asked, &Err(error));
            }
        }
    }

    /// Goes back to before the handshake; a socket that was connected stays so.
    fn give_up(&mut self) {
        self.services.hub.release(self.id);
        if self.identity.is_none() {
            self.socket.ticket.demote();
        }
    }

    /// Answers with an error and closes the socket, unless it is connected already.
    fn refuse(
        &mut self,
        asked: &Asked,
        error: RpcError,
        close: (u16, &str),
        ctx: &mut Context<Self>,
    ) {
        self.answer(asked, &Err(error));
        if self.identity.is_none() {
            self.socket.outbox.close(close.0, close.1);
            ctx.stop();
        }
    }
}
