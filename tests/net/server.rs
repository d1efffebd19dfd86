//! A server with a few routes and a WebSocket session for each way to behave.

use std::{
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse,
    dev::{ServiceRequest, ServiceResponse},
    guard,
    middleware::{Next, from_fn},
    web,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use smithers::net::{self, Conn, Limits, Running, SocketLimits, ws};
use smithers_actors::outbox::{Incoming, Outbox, ReadGate};

/// What the server side of a test saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Most bytes that waited between a socket and its session.
    pub(crate) most_buffered: AtomicUsize,
    /// Messages that reached a session.
    pub(crate) messages: AtomicUsize,
    /// Sockets whose body was dropped.
    pub(crate) gone: AtomicUsize,
    /// The code of the last `Incoming::Closed`.
    pub(crate) closed: AtomicUsize,
    /// Requests that wait in `/held`.
    pub(crate) held: AtomicUsize,
    /// Sessions that have ended.
    pub(crate) ended: AtomicUsize,
    /// A request that waits in `/held` learned that the server stops.
    pub(crate) stopping: AtomicBool,
    /// Set by the test: lets `/held` answer.
    pub(crate) release: AtomicBool,
}

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) running: Running,
    pub(crate) seen: Arc<Seen>,
}

impl TestServer {
    pub(crate) fn start(limits: Limits) -> Self {
        Self::with_sockets(limits, SocketLimits::default())
    }

    pub(crate) fn with_sockets(limits: Limits, sockets: SocketLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        let app = move || {
            App::new()
                .app_data(web::Data::from(shared.clone()))
                .app_data(web::Data::new(sockets))
                .app_data(web::PayloadConfig::new(64 << 20))
                .wrap(from_fn(net::edge))
                .service(
                    web::resource("/{path:.*}")
                        .guard(guard::fn_guard(ws::wants_websocket))
                        .to(socket),
                )
                .route(
                    "/ok",
                    web::get().to(|| async { HttpResponse::Ok().json("ok") }),
                )
                .route("/v1/rpc/{method}", web::post().to(length))
                .route(
                    "/ignore",
                    web::post().to(|| async { HttpResponse::Ok().body("ignored") }),
                )
                .route("/endless", web::get().to(endless))
                .route("/held", web::route().to(held))
                .service(
                    web::resource("/fails")
                        .wrap(from_fn(fail))
                        .to(HttpResponse::Ok),
                )
                .service(web::resource("/only-get").route(web::get().to(HttpResponse::Ok)))
        };
        let running = net::serve(listener, app, limits, Arc::default()).unwrap();
        Self {
            address: running.address,
            running,
            seen,
        }
    }
}

/// Short deadlines, so that tests are quick.
pub(crate) fn quick() -> Limits {
    Limits {
        workers: 1,
        head: Duration::from_millis(300),
        request: Duration::from_millis(600),
        keep_alive: Duration::from_secs(5),
        write_stall: Duration::from_millis(400),
        close_wait: Duration::from_secs(2),
        linger: Duration::from_secs(1),
        stop_grace: Duration::from_secs(2),
        sweep: Duration::from_millis(20),
    }
}

async fn fail<B>(_: ServiceRequest, _: Next<B>) -> Result<ServiceResponse<B>, actix_web::Error> {
    Err(actix_web::error::ErrorForbidden("no"))
}

async fn length(body: Bytes) -> HttpResponse {
    HttpResponse::Ok().json(body.len())
}

async fn endless() -> HttpResponse {
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    HttpResponse::Ok().streaming(stream::repeat_with(move || {
        Ok::<_, actix_web::Error>(chunk.clone())
    }))
}

async fn held(req: HttpRequest, seen: web::Data<Seen>) -> HttpResponse {
    seen.held.fetch_add(1, Ordering::SeqCst);
    let conn = req.conn_data::<Rc<Conn>>().unwrap();
    while !seen.release.load(Ordering::SeqCst) {
        seen.stopping.fetch_or(conn.is_stopping(), Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    HttpResponse::Ok().body("released")
}

async fn socket(
    req: HttpRequest,
    payload: web::Payload,
    seen: web::Data<Seen>,
    limits: web::Data<SocketLimits>,
) -> Result<HttpResponse, ws::Refusal> {
    let ws::Upgraded {
        response,
        inbound,
        outbox,
        gate,
    } = ws::upgrade(&req, payload, **limits)?;
    let seen = seen.into_inner();
    let gone = seen.clone();
    outbox.when_gone(move || {
        gone.gone.fetch_add(1, Ordering::SeqCst);
    });
    match req.path() {
        "/deaf" => drop(actix_web::rt::spawn(deaf(inbound, outbox, seen))),
        "/mute" => drop(actix_web::rt::spawn(listen(inbound, seen, |_| {}))),
        "/shout" => drop(actix_web::rt::spawn(shout(inbound, outbox))),
        "/kick" => {
            drop(actix_web::rt::spawn(listen(inbound, seen, |_| {})));
            drop(actix_web::rt::spawn(
                async move { outbox.close(4000, "kicked") },
            ));
        }
        "/member" => {
            gate.authenticate();
            drop(actix_web::rt::spawn(echo(inbound, outbox, gate, seen)));
        }
        _ => drop(actix_web::rt::spawn(echo(inbound, outbox, gate, seen))),
    }
    Ok(response)
}

async fn echo(inbound: ws::InboundFrames, outbox: Outbox, gate: ReadGate, seen: Arc<Seen>) {
    listen(inbound, seen, |text| {
        let _ = outbox.try_push_reply(&[text.as_bytes()]);
        gate.answered();
    })
    .await;
}

async fn listen(mut inbound: ws::InboundFrames, seen: Arc<Seen>, mut on_text: impl FnMut(&str)) {
    while let Some(incoming) = inbound.next().await {
        seen.most_buffered
            .fetch_max(inbound.buffered_bytes(), Ordering::SeqCst);
        match incoming {
            Incoming::Text(text) => {
                seen.messages.fetch_add(1, Ordering::SeqCst);
                on_text(&text);
            }
            Incoming::Closed { code, .. } => seen.closed.store(code.into(), Ordering::SeqCst),
        }
    }
    seen.ended.fetch_add(1, Ordering::SeqCst);
}

/// A session that is stuck: it never looks at what comes in.
async fn deaf(inbound: ws::InboundFrames, outbox: Outbox, seen: Arc<Seen>) {
    while outbox.is_open() {
        seen.most_buffered
            .fetch_max(inbound.buffered_bytes(), Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A session that always has something to say.
async fn shout(_inbound: ws::InboundFrames, outbox: Outbox) {
    let text = [b'x'; 4096];
    while outbox.is_open() {
        while outbox.try_push_event(&[&text]).is_ok() {}
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
