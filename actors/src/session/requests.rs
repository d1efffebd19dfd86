//! From an incoming message to its one answer.

use std::sync::Arc;

use actix::prelude::*;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RequestFrame};
use smithers_protocol::method::Method;
use tracing::Instrument;

use super::identity::{Caller, Identity, Transport, authorise};
use super::services::Connection;
use super::{SessionActor, streams};

/// The method that is no method: the handshake.
const CONNECT: &str = "connect";

impl SessionActor {
    /// Reads a message and sees to its answer. Every message gets exactly one.
    pub(super) fn receive(&mut self, text: &str, ctx: &mut Context<Self>) {
        match RequestFrame::parse(text.as_bytes()) {
            Ok(frame) if frame.method == CONNECT => self.connect(frame, ctx),
            Ok(frame) => self.request(frame),
            Err(refused) => self.answer(refused.answer_id(), &Err(refused.error.clone())),
        }
    }

    /// Answers a message now.
    pub(super) fn answer(&self, request: &str, answer: &Result<Payload, RpcError>) {
        if let Some(id) = self.id {
            self.services.hub.answer(id, request, answer);
        }
        self.socket.gate.answered();
    }

    fn request(&self, frame: RequestFrame) {
        let Some(identity) = &self.identity else {
            return self.answer(&frame.id, &Err(RpcError::connect_first()));
        };
        match authorise(identity, &frame.method, Transport::WebSocket) {
            Ok(method) => self.call(identity.clone(), method, frame),
            Err(error) => self.answer(&frame.id, &Err(error)),
        }
    }

    /// Calls a method on its own: it runs to its end even when the socket closes meanwhile, and
    /// answers come in the order in which they are ready.
    fn call(&self, identity: Arc<Identity>, method: Method, frame: RequestFrame) {
        let Some(session) = self.id else {
            return;
        };
        let (hub, gate) = (self.services.hub.clone(), self.socket.gate.clone());
        let span = tracing::debug_span!("rpc.call", request.id = %frame.id, method = method.name());
        let services = self.services.clone();
        let work = async move {
            let answer = match method {
                Method::StreamRunEvents => streams::open(&services, session, &frame.params).await,
                method => {
                    let connection = Some(Connection {
                        hub: services.hub.clone(),
                        session,
                    });
                    let request_id = frame.id.clone();
                    let caller = Caller {
                        identity,
                        request_id,
                        connection,
                    };
                    services.dispatch.call(caller, method, frame.params).await
                }
            };
            hub.answer(session, &frame.id, &answer);
            gate.answered();
        };
        actix_rt::spawn(work.instrument(span));
    }
}
