//! Request frames as the access log sees them: what was asked, by whom, and how it was answered.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{FrameError, Payload, RequestFrame};
use smithers_protocol::method::resolve;

use super::SessionActor;
use super::identity::Identity;

/// The method that is no method: the handshake.
pub(super) const CONNECT: &str = "connect";

/// A request frame that was answered.
#[derive(Debug)]
pub struct Answered<'a> {
    /// Id of the upgrade request of the socket.
    pub connection: &'a str,
    /// Where the client is.
    pub address: Option<IpAddr>,
    /// Id of the request.
    pub request: &'a str,
    /// Name of the method, `connect`, or `unknown`; none when the frame could not be read.
    pub method: Option<&'static str>,
    /// The run that the request names.
    pub run: Option<&'a str>,
    /// As whom it was made; none before the handshake.
    pub identity: Option<&'a Identity>,
    /// What was answered.
    pub answer: &'a Result<Payload, RpcError>,
    /// Bytes of the answer; 0 when the socket was gone by then.
    pub bytes: usize,
    /// Time from the frame to its answer.
    pub took: Duration,
}

/// Told of every request frame of a worker's sockets, once, when it is answered. Must not block.
pub trait Observer {
    /// Takes note of an answer.
    fn answered(&self, answered: &Answered<'_>);
}

/// Takes note of nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn answered(&self, _: &Answered<'_>) {}
}

/// A request frame that waits for its answer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: String,
    method: Option<&'static str>,
    run: Option<String>,
    since: Instant,
}

impl Asked {
    pub(super) fn by(frame: &RequestFrame) -> Self {
        let method = match frame.method.as_str() {
            CONNECT => CONNECT,
            name => resolve(name).label(),
        };
        Self {
            id: frame.id.clone(),
            method: Some(method),
            run: frame.params.run_named(),
            since: Instant::now(),
        }
    }

    pub(super) fn unreadable(refused: &FrameError) -> Self {
        Self {
            id: refused.answer_id().to_owned(),
            method: None,
            run: None,
            since: Instant::now(),
        }
    }
}

/// Tells the observer of one socket's answers; clones share it.
#[derive(Clone)]
pub(super) struct Watch(Rc<Watched>);

struct Watched {
    observer: Rc<dyn Observer>,
    connection: String,
    address: Option<IpAddr>,
}

impl Watch {
    pub(super) fn new(
        observer: Rc<dyn Observer>,
        connection: String,
        address: Option<IpAddr>,
    ) -> Self {
        Self(Rc::new(Watched {
            observer,
            connection,
            address,
        }))
    }

    pub(super) fn answered(
        &self,
        asked: &Asked,
        identity: Option<&Arc<Identity>>,
        answer: &Result<Payload, RpcError>,
        bytes: usize,
    ) {
        self.0.observer.answered(&Answered {
            connection: &self.0.connection,
            address: self.0.address,
            request: &asked.id,
            method: asked.method,
            run: asked.run.as_deref(),
            identity: identity.map(|identity| &**identity),
            answer,
            bytes,
            took: asked.since.elapsed(),
        });
    }
}

impl SessionActor {
    /// Answers a message now.
    pub(super) fn answer(&self, asked: &Asked, answer: &Result<Payload, RpcError>) {
        let bytes = self.services.hub.answer(self.id, &asked.id, answer);
        self.socket.gate.answered();
        self.watch
            .answered(asked, self.identity.as_ref(), answer, bytes);
    }
}
