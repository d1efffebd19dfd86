//! A worker without a network: real sessions, hub, outboxes and memory store, and peers that read
//! frames from the outbox as a client would from its socket.

mod log;
mod peer;
mod services;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use smithers_store::MemoryStore;

pub(crate) use log::{Log, finished};
pub(crate) use peer::{Frame, Peer, run_event_seq};
pub(crate) use services::{Auth, Methods};
use services::{NoTrees, Records};

use super::{ConnectionLimits, Connections, NoObserver, Services, Socket, UpgradeInfo};
use crate::clock::SystemClock;
use crate::devtools::DevTools;
use crate::hub::{self, HubBus, Pages, Parts, StorePages, StreamCaps, StreamLimits, Timing};
use crate::outbox::{Outbox, OutboxLimits, ReadGate};

/// Longest wait for something that must happen.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// What a test may change before its world begins.
pub(crate) struct Setup {
    pub(crate) timing: Timing,
    pub(crate) event_window: u64,
    pub(crate) streams: StreamLimits,
    pub(crate) connections: ConnectionLimits,
    pub(crate) outbox: OutboxLimits,
    /// How the store is read.
    pub(crate) pages: fn(MemoryStore) -> Rc<dyn Pages>,
}

impl Default for Setup {
    /// The product's own values, except that nothing happens by time alone.
    fn default() -> Self {
        let never = Duration::from_secs(3_600);
        Self {
            timing: Timing {
                sweep: Duration::from_millis(10),
                tick: never,
                stream_heartbeat: never,
                ping: never,
                ping_timeout: never,
                auth_deadline: never,
            },
            event_window: 10_000,
            streams: StreamLimits::default(),
            connections: ConnectionLimits::default(),
            outbox: OutboxLimits::default(),
            pages: |store| Rc::new(StorePages::new(Arc::new(store))),
        }
    }
}

/// One worker of a gateway.
pub(crate) struct World {
    pub(crate) log: Log,
    pub(crate) hub: hub::Handle,
    pub(crate) auth: Arc<Auth>,
    pub(crate) methods: Rc<Methods>,
    pub(crate) connections: Connections,
    pub(crate) caps: StreamCaps,
    services: Services,
    outbox: OutboxLimits,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let store = MemoryStore::default();
        let bus = Arc::new(HubBus::new(0));
        let log = Log::new(store.clone(), bus.clone());
        let auth = Arc::new(Auth::default());
        let caps = StreamCaps::new(setup.streams);
        let pages = (setup.pages)(store);
        let parts = Parts {
            timing: setup.timing,
            event_window: setup.event_window,
            caps: caps.clone(),
            pages: pages.clone(),
            records: Rc::new(Records),
            authenticator: auth.clone(),
            clock: Arc::new(SystemClock),
        };
        let hub = hub::start(parts, &bus);
        let methods = Rc::new(Methods::default());
        let services = Services {
            hub: hub.clone(),
            authenticator: auth.clone(),
            dispatch: methods.clone(),
            greeter: methods.clone(),
            pages,
            devtools: DevTools {
                trees: Rc::new(NoTrees),
                bell: bus.frames(),
            },
            observer: Rc::new(NoObserver),
        };
        methods.greet_from(hub.clone());
        let connections = Connections::new(setup.connections);
        let outbox = setup.outbox;
        Self {
            log,
            hub,
            auth,
            methods,
            connections,
            caps,
            services,
            outbox,
        }
    }

    /// Opens a socket that has not said anything yet.
    pub(crate) fn open(&self) -> Peer {
        let outbox = Outbox::new(self.outbox);
        let gate = ReadGate::new(32);
        let ticket = self.connections.enter().unwrap();
        let socket = Socket {
            outbox: outbox.clone(),
            gate: gate.clone(),
            upgrade: UpgradeInfo::default(),
            ticket,
        };
        let (peer, incoming) = Peer::new(outbox, gate);
        super::start(
            self.services.clone(),
            Arc::new(SystemClock),
            socket,
            incoming,
        );
        peer
    }

    /// Opens a socket and connects it with `token`, listening to every run.
    pub(crate) async fn connect(&self, token: &str) -> Peer {
        self.connect_to(token, None).await
    }

    /// Opens a socket and connects it with `token`, listening to the named runs.
    pub(crate) async fn connect_to(&self, token: &str, runs: Option<&[&str]>) -> Peer {
        let mut peer = self.open();
        assert_eq!(peer.next().await.json()["event"], "connect.challenge");
        let hello = peer.connect(token, runs).await;
        assert_eq!(hello["ok"], true, "{hello}");
        peer
    }

    /// Lets everything run that can.
    pub(crate) async fn settle(&self) {
        for _ in 0..50 {
            actix_rt::task::yield_now().await;
        }
    }

    /// Waits until `holds`.
    pub(crate) async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let wait = async {
            while !holds() {
                actix_rt::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let done = actix_rt::time::timeout(DEADLINE, wait).await;
        assert!(done.is_ok(), "waited in vain until {what}");
    }
}
