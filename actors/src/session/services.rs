//! What a session needs from the edge: methods and the greeting.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use futures_core::future::LocalBoxFuture;
use smithers_model::RunId;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RawParams};
use smithers_protocol::method::Method;

use super::identity::{Authenticator, Caller, Identity};
use super::observer::Observer;
use crate::devtools::DevTools;
use crate::hub::{self, Pages, SessionId};

/// The methods of the gateway, the same for sockets and HTTP.
pub trait Dispatch {
    /// Calls a method that the caller may call (see [`authorise`](super::authorise)).
    ///
    /// The future runs to its end even when the socket is gone meanwhile. A method that starts or
    /// changes a run tells [`Connection::follow`] before it hands the command over, so that the
    /// caller misses none of the run's events.
    fn call(
        &self,
        caller: Caller,
        method: Method,
        params: RawParams,
    ) -> LocalBoxFuture<'static, Result<Payload, RpcError>>;
}

/// Who is greeted.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// As whom; the snapshot shows only what it may read.
    pub identity: Arc<Identity>,
    /// A name for the connection.
    pub session_token: String,
    /// Milliseconds between two ticks.
    pub heartbeat_ms: u64,
}

/// A greeting that was made.
#[derive(Clone, Debug)]
pub struct Hello {
    /// The answer of `connect`.
    pub payload: Payload,
    /// State version of the snapshot in it.
    pub state_version: u64,
}

/// Makes greetings.
pub trait Greeter {
    /// Reads what goes on and serialises the answer of `connect`.
    fn greet(&self, greeting: Greeting) -> LocalBoxFuture<'static, Result<Hello, RpcError>>;
}

/// What the sessions of one worker share.
#[derive(Clone)]
pub struct Services {
    /// The hub of the worker.
    pub hub: hub::Handle,
    /// Who may connect.
    pub authenticator: Arc<dyn Authenticator>,
    /// The methods.
    pub dispatch: Rc<dyn Dispatch>,
    /// The greeting.
    pub greeter: Rc<dyn Greeter>,
    /// Stored events, for streams.
    pub pages: Rc<dyn Pages>,
    /// Trees of frames, for streams of them.
    pub devtools: DevTools,
    /// Told of every answer, for the access log.
    pub observer: Rc<dyn Observer>,
}

/// A socket as the methods see it.
#[derive(Clone)]
pub struct Connection {
    pub(super) hub: hub::Handle,
    pub(super) session: SessionId,
}

impl Connection {
    /// Adds a run to those that the socket asked for. One that listens to every run keeps doing
    /// so, unlike on the public gateway (gateway-protocol 20).
    ///
    /// Returns whether the run was added; one that was added for nothing is to be taken back
    /// with [`unfollow`](Self::unfollow).
    pub fn follow(&self, run: &RunId) -> bool {
        self.hub.follow(self.session, run)
    }

    /// Returns whether the socket asked for the run, or for every run.
    pub fn names(&self, run: &RunId) -> bool {
        self.hub.names(self.session, run)
    }

    /// Takes back a run that [`follow`](Self::follow) has added.
    pub fn unfollow(&self, run: &RunId) {
        self.hub.unfollow(self.session, run);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.session).finish()
    }
}
