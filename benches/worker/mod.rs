//! One worker of a gateway: hub, sessions and outboxes as they are, with stand-ins for what the edge injects.

mod peer;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::LocalBoxFuture;
use secrecy::SecretString;
use serde_json::json;
use smithers_actors::clock::SystemClock;
use smithers_actors::devtools::{DevTools, Look, NamedSkeleton, Trees, Which};
use smithers_actors::hub::{
    self, HubBus, Parts, ReadFailed, RunRecords, StorePages, StreamCaps, StreamLimits, Timing,
};
use smithers_actors::outbox::{Outbox, OutboxLimits, ReadGate};
use smithers_actors::session::{
    self, Authenticator, Caller, ConnectionLimits, Connections, Dispatch, Greeter, Greeting, Hello,
    Identity, NoObserver, Services, Socket, UpgradeInfo,
};
use smithers_model::{RawJson, RunId};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RawParams};
use smithers_protocol::method::Method;
use smithers_protocol::scope::Grants;
use smithers_store::Backend;

pub(crate) use peer::Peer;

/// More than any bench opens.
const MANY: usize = 1 << 20;

/// The worker.
pub(crate) struct Worker {
    services: Services,
    connections: Connections,
}

impl Worker {
    /// Starts a worker on the current arbiter, with a hub on `bus` and streams that read `store`; returns it with
    /// its hub.
    pub(crate) fn start(store: Arc<dyn Backend>, bus: &HubBus) -> (Self, hub::Handle) {
        let pages = Rc::new(StorePages::new(store));
        let never = Duration::from_secs(3_600);
        let parts = Parts {
            timing: Timing {
                tick: never,
                stream_heartbeat: never,
                ping: never,
                ..Timing::default()
            },
            event_window: 1 << 40,
            caps: StreamCaps::new(StreamLimits {
                global: MANY,
                per_user: MANY,
                per_connection: MANY,
                per_run: MANY,
            }),
            pages: pages.clone(),
            records: Rc::new(Edge),
            authenticator: Arc::new(Everybody),
            clock: Arc::new(SystemClock),
        };
        let hub = hub::start(parts, bus);
        let services = Services {
            hub: hub.clone(),
            authenticator: Arc::new(Everybody),
            dispatch: Rc::new(Edge),
            greeter: Rc::new(Edge),
            pages,
            devtools: DevTools {
                trees: Rc::new(Edge),
                bell: bus.frames(),
            },
            observer: Rc::new(NoObserver),
        };
        let worker = Self {
            services,
            connections: Connections::new(ConnectionLimits {
                connected: MANY,
                pre_auth: MANY,
            }),
        };
        (worker, hub)
    }

    /// Connects a client that listens to `run`.
    pub(crate) async fn connect(&self, run: &str) -> Peer {
        let outbox = Outbox::new(OutboxLimits::default());
        let gate = ReadGate::new(32);
        let (mut peer, incoming) = Peer::new(outbox.clone(), gate.clone());
        let socket = Socket {
            outbox,
            gate,
            upgrade: UpgradeInfo::default(),
            ticket: self.connections.enter().expect("there is room for many"),
        };
        session::start(
            self.services.clone(),
            Arc::new(SystemClock),
            socket,
            incoming,
        );
        let hello = json!({"minProtocol": 1, "maxProtocol": 1, "client": {"id": "bench"},
            "auth": {"token": "t"}, "subscribe": [run]});
        peer.call("connect", &hello).await;
        peer
    }

    /// Connects a client with a stream that begins behind event `after` of `run`.
    pub(crate) async fn stream(&self, run: &str, after: u64) -> Peer {
        let mut peer = self.connect(run).await;
        let params = json!({"runId": run, "afterSeq": after});
        peer.call("streamRunEvents", &params).await;
        peer
    }
}

/// Lets everybody do everything.
struct Everybody;

impl Authenticator for Everybody {
    fn connect(&self, _: Option<&SecretString>, _: &UpgradeInfo) -> Result<Identity, RpcError> {
        Ok(Identity {
            role: "operator".into(),
            grants: Grants::parse(["*"]),
            user_id: Some("user:bench".into()),
            token_id: None,
            expires_at: None,
            credential: None,
        })
    }

    fn admit(&self, _: &Identity) -> Result<(), RpcError> {
        Ok(())
    }

    fn recheck(&self, _: &Identity) -> Result<(), RpcError> {
        Ok(())
    }

    fn generation(&self) -> u64 {
        0
    }
}

/// Greets, and has neither methods nor records.
struct Edge;

impl Dispatch for Edge {
    fn call(
        &self,
        _: Caller,
        _: Method,
        _: RawParams,
    ) -> LocalBoxFuture<'static, Result<Payload, RpcError>> {
        Box::pin(async { Err(RpcError::internal()) })
    }
}

impl Greeter for Edge {
    fn greet(&self, _: Greeting) -> LocalBoxFuture<'static, Result<Hello, RpcError>> {
        Box::pin(async {
            Ok(Hello {
                payload: Payload::encode(&json!({})).map_err(|_| RpcError::internal())?,
                state_version: 0,
            })
        })
    }
}

impl RunRecords for Edge {
    fn record(&self, _: &RunId) -> LocalBoxFuture<'static, Result<Option<RawJson>, ReadFailed>> {
        Box::pin(async { Ok(None) })
    }
}

impl Trees for Edge {
    fn newest(&self, _: &RunId) -> LocalBoxFuture<'static, Result<Option<u64>, ReadFailed>> {
        Box::pin(async { Ok(None) })
    }

    fn look(
        &self,
        _: &RunId,
        _: Which,
        _: Option<NamedSkeleton>,
    ) -> LocalBoxFuture<'static, Result<Option<Look>, ReadFailed>> {
        Box::pin(async { Ok(None) })
    }
}
