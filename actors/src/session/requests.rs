//! From an incoming message to its one answer.

use std::sync::Arc;

use actix::prelude::*;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RequestFrame};
use smithers_protocol::method::Method;
use tracing::Instrument;

use super::identity::{Caller, Identity, Transport, authorise};
use super::observer::{Asked, CONNECT, Watch};
use super::services::{Connection, Services};
use super::{SessionActor, streams};
use crate::devtools;
use crate::hub::{self, SessionId};
use crate::outbox::ReadGate;

impl SessionActor {
    /// Reads a message and sees to its answer. Every message gets exactly one.
    pub(super) fn receive(&mut self, text: &str, ctx: &mut Context<Self>) {
        match RequestFrame::parse(text.as_bytes()) {
            Ok(frame) if frame.method == CONNECT => self.connect(frame, ctx),
            Ok(frame) => self.request(frame),
            Err(refused) => {
                let asked = Asked::unreadable(&refused);
                self.answer(&asked, &Err(refused.error));
            }
        }
    }

    fn request(&self, frame: RequestFrame) {
        let asked = Asked::by(&frame);
        let Some(identity) = &self.identity else {
            return self.answer(&asked, &Err(RpcError::connect_first()));
        };
        // The sweep closes a socket whose grant has ended; until it comes round, nothing is done for it.
        if let Err(error) = self.services.authenticator.admit(identity) {
            return self.answer(&asked, &Err(error));
        }
        match authorise(identity, &frame.method, Transport::WebSocket) {
            Ok(method) => self.call(identity.clone(), method, frame, asked),
            Err(error) => self.answer(&asked, &Err(error)),
        }
    }

    /// Calls a method on its own: it runs to its end even when the socket closes meanwhile, and
    /// answers come in the order in which they are ready.
    fn call(&self, identity: Arc<Identity>, method: Method, frame: RequestFrame, asked: Asked) {
        let services = self.services.clone();
        let span = tracing::debug_span!("rpc.call", request.id = %frame.id, method = method.name());
        let owed = Owed {
            hub: services.hub.clone(),
            gate: self.socket.gate.clone(),
            session: self.id,
            watch: self.watch.clone(),
            identity: identity.clone(),
            asked,
            answer: Err(RpcError::internal()),
        };
        let work = async move {
            let mut owed = owed;
            owed.answer = call(&services, owed.session, identity, method, frame).await;
        };
        actix_rt::spawn(work.instrument(span));
    }
}

async fn call(
    services: &Services,
    session: SessionId,
    identity: Arc<Identity>,
    method: Method,
    frame: RequestFrame,
) -> Result<Payload, RpcError> {
    if method == Method::StreamRunEvents {
        return streams::open(services, session, &frame.params).await;
    }
    if method == Method::StreamDevTools {
        return devtools::open(&services.devtools, &services.hub, session, &frame.params).await;
    }
    let hub = services.hub.clone();
    let caller = Caller {
        identity,
        request_id: frame.id,
        connection: Some(Connection { hub, session }),
    };
    services.dispatch.call(caller, method, frame.params).await
}

/// An answer that the client waits for. It is written when this is dropped, so that a method that
/// panics is answered as well.
struct Owed {
    hub: hub::Handle,
    gate: ReadGate,
    session: SessionId,
    watch: Watch,
    identity: Arc<Identity>,
    asked: Asked,
    answer: Result<Payload, RpcError>,
}

impl Drop for Owed {
    fn drop(&mut self) {
        let bytes = self.hub.answer(self.session, &self.asked.id, &self.answer);
        self.gate.answered();
        self.watch
            .answered(&self.asked, Some(&self.identity), &self.answer, bytes);
    }
}
