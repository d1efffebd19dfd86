//! The listener: workers, the HTTP/1 service on guarded streams, and the ordered stop.

use std::{fmt, future::ready, io, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use actix_http::{HttpService, KeepAlive, Protocol, Request, Response};
use actix_server::{Server, ServerHandle};
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::{body::MessageBody, dev::AppConfig};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};

use super::{
    conn::Conn,
    edge::EdgeOptions,
    guard::GuardedIo,
    limits::Limits,
    refusals::Refusals,
    sweep::{Shared, Stage, Sweeper},
};

/// Bytes of a response that are collected before a write; a WebSocket chunk is as large.
pub(super) const WRITE_BUFFER: usize = 32 * 1024;

/// How long cut connections may take to be dropped, before the workers are stopped anyway.
const CUT_WAIT: Duration = Duration::from_millis(200);

/// A server that accepts connections until it is stopped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens, with the port that was given for port 0.
    pub address: SocketAddr,
    /// Stops it; may be cloned and sent to other threads.
    pub stopper: Stopper,
    ended: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Returns when the server has ended.
    ///
    /// # Errors
    /// The workers could not be started, or the server's task was lost.
    pub async fn ended(self) -> io::Result<()> {
        self.ended.await.map_err(io::Error::other)?
    }
}

/// Starts to serve `app`, built once per worker, on `listener`. Needs an actix runtime.
///
/// Each request finds its connection with `req.conn_data::<Rc<Conn>>()`. The app is expected
/// to be wrapped in [`edge`](super::edge), without which the request deadlines do not know
/// where a request begins and ends.
///
/// `options` are those that the app hands to the edge.
///
/// # Errors
/// The listener has no address or cannot be made non-blocking.
pub fn serve<F, I, S, B>(
    listener: std::net::TcpListener,
    app: F,
    limits: Limits,
    options: Arc<EdgeOptions>,
) -> io::Result<Running>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let shared = Shared::new();
    let stopper_shared = shared.clone();
    let grace = limits.stop_grace;
    let server = Server::build()
        .workers(limits.workers.clamp(1, 512))
        .disable_signals()
        .listen("gateway", listener, move || {
            let sweeper = Sweeper::start(limits.clone(), shared.clone());
            let options = options.clone();
            let guarded = fn_service(move |io: TcpStream| ready(guard(io, &sweeper, &options)));
            let app = app().into_factory().map_err(|error| error.error_response());
            let http = HttpService::build()
                .keep_alive(KeepAlive::Os)
                .client_request_timeout(Duration::ZERO)
                .client_disconnect_timeout(limits.linger)
                .h1_write_buffer_size(WRITE_BUFFER)
                .on_connect_ext(|io: &GuardedIo<TcpStream>, data| {
                    data.insert::<Rc<Conn>>(io.conn().clone());
                })
                .finish(map_config(app, |_| AppConfig::default()));
            guarded.and_then(http)
        })?
        .run();
    let stopper = Stopper {
        handle: server.handle(),
        shared: stopper_shared,
        grace,
    };
    Ok(Running {
        address,
        stopper,
        ended: actix_rt::spawn(server),
    })
}

type Connection = (GuardedIo<TcpStream>, Protocol, Option<SocketAddr>);

fn guard(
    io: TcpStream,
    sweeper: &Sweeper,
    options: &Arc<EdgeOptions>,
) -> Result<Connection, actix_http::error::DispatchError> {
    let remote = io.peer_addr().ok();
    // Without it small frames wait for acknowledgements; a socket that is gone reports itself.
    let _ = io.set_nodelay(true);
    let (conn, live) = sweeper.register();
    let refusals = Refusals::new(options.clone(), remote.map(|remote| remote.ip()));
    let guarded = GuardedIo::new(io, conn, live, refusals);
    Ok((guarded, Protocol::Http1, remote))
}

/// Stops a server in order.
#[derive(Debug, Clone)]
pub struct Stopper {
    handle: ServerHandle,
    shared: Arc<Shared>,
    grace: Duration,
}

impl Stopper {
    /// Stops accepting connections; open ones live on.
    pub async fn stop_accepting(&self) {
        self.handle.pause().await;
    }

    /// Asks all connections to end, cuts what is left after [`Limits::stop_grace`], and stops
    /// the workers. Returns at once when every peer is quick.
    ///
    /// Sockets get a close frame 1001, idle connections end, responses may finish.
    pub async fn stop(&self) {
        self.stop_accepting().await;
        self.shared.enter(Stage::Stopping);
        if timeout(self.grace, self.shared.empty()).await.is_err() {
            let count = self.shared.open_connections();
            tracing::warn!(
                connections = count,
                "connections did not end in time and are cut"
            );
            self.shared.enter(Stage::Cutting);
            let _ = timeout(CUT_WAIT, self.shared.empty()).await;
        }
        self.handle.stop(false).await;
    }

    /// Returns the number of open connections.
    pub fn open_connections(&self) -> usize {
        self.shared.open_connections()
    }
}
