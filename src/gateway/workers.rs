//! What each HTTP worker is built from: a hub of its own, and shares of everything else.

use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::App;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use smithers_actors::devtools::DevTools;
use smithers_actors::hub::{self, HubBus, Parts, StorePages, StreamCaps, StreamLimits, Timing};
use smithers_actors::session::{ConnectionLimits, Connections, Services};

use crate::access_log::{AccessLog, FrameLog};
use crate::auth::Gatekeeper;
use crate::config::Config;
use crate::http::{Edge, routes};
use crate::metrics::Metrics;
use crate::net::{self, EdgeOptions, Limits, Running, SocketLimits};
use crate::service::{Dispatcher, Service};

/// Everything a worker needs; cloned into each.
#[derive(Clone)]
pub(super) struct WorkerParts {
    service: Service,
    gatekeeper: Arc<Gatekeeper>,
    bus: Arc<HubBus>,
    metrics: Arc<Metrics>,
    access_log: AccessLog,
    timing: Timing,
    event_window: u64,
    caps: StreamCaps,
    connections: Connections,
    socket_limits: SocketLimits,
    max_body_bytes: usize,
    metrics_public: bool,
}

impl WorkerParts {
    pub(super) fn new(
        config: &Config,
        service: Service,
        gatekeeper: Arc<Gatekeeper>,
        bus: Arc<HubBus>,
        access_log: AccessLog,
    ) -> Self {
        let (listen, streams) = (&config.listen, &config.streams);
        Self {
            service,
            gatekeeper,
            bus,
            metrics: Arc::new(Metrics::install()),
            access_log,
            timing: Timing {
                tick: streams.heartbeat,
                stream_heartbeat: streams.run_heartbeat,
                auth_deadline: listen.auth_deadline,
                ..Timing::default()
            },
            event_window: streams.event_window,
            caps: StreamCaps::new(StreamLimits {
                global: streams.global,
                per_user: streams.per_user,
                per_connection: streams.per_connection,
                per_run: streams.per_run,
            }),
            connections: Connections::new(ConnectionLimits {
                connected: listen.max_connections,
                pre_auth: listen.max_pre_auth,
            }),
            socket_limits: SocketLimits {
                max_message: listen.max_payload_bytes,
                ..SocketLimits::default()
            },
            max_body_bytes: listen.max_body_bytes,
            metrics_public: config.access.metrics_public,
        }
    }

    /// Starts to serve on `listener`.
    pub(super) fn serve(self, listener: TcpListener, config: &Config) -> io::Result<Running> {
        let limits = Limits {
            workers: config.listen.workers,
            head: config.listen.headers_timeout,
            request: config.listen.request_timeout,
            ..Limits::default()
        };
        let options = Arc::new(EdgeOptions {
            trusted_proxies: config.access.trusted_proxies.clone(),
            access_log: self.access_log.clone(),
            clock: self.service.clock.clone(),
        });
        let of_workers = options.clone();
        let app = move || {
            let edge = self.edge();
            App::new()
                .app_data(Data::from(of_workers.clone()))
                .wrap(from_fn(net::edge))
                .configure(move |config| routes(config, edge))
        };
        net::serve(listener, app, limits, options)
    }

    /// Builds one worker's share; called on its thread, where its hub then lives.
    fn edge(&self) -> Edge {
        let pages = Rc::new(StorePages::new(self.service.backend.clone()));
        let service = Rc::new(self.service.clone());
        let parts = Parts {
            timing: self.timing,
            event_window: self.event_window,
            caps: self.caps.clone(),
            pages: pages.clone(),
            records: service.clone(),
            authenticator: self.gatekeeper.clone(),
            clock: self.service.clock.clone(),
        };
        let services = Services {
            hub: hub::start(parts, &self.bus),
            authenticator: self.gatekeeper.clone(),
            dispatch: Rc::new(Dispatcher::new(self.service.clone(), self.metrics.clone())),
            devtools: DevTools {
                trees: service.clone(),
                bell: self.bus.frames(),
            },
            greeter: service,
            pages,
            observer: Rc::new(FrameLog::new(
                self.access_log.clone(),
                self.service.clock.clone(),
            )),
        };
        Edge {
            service: self.service.clone(),
            gatekeeper: self.gatekeeper.clone(),
            sessions: Rc::new(services),
            connections: self.connections.clone(),
            socket_limits: self.socket_limits,
            max_body_bytes: self.max_body_bytes,
            metrics_public: self.metrics_public,
            clock: self.service.clock.clone(),
            metrics: self.metrics.clone(),
        }
    }
}
