//! The HTTP surface: routes, and what a handler does with a request before and after the service.

mod access;
mod called;
mod crons;
mod health;
mod index;
mod inside;
mod metrics;
mod rest;
mod rpc;
mod scores;
mod socket;
mod webhooks;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, guard};
use smithers_actors::session::{Connections, Services};
use smithers_model::redact::Place;
use smithers_model::time::Clock;
use smithers_protocol::error::RpcError;

use crate::access_log::Outcome;
use crate::auth::Gatekeeper;
use crate::metrics::Metrics;
use crate::net::{self, SocketLimits};
use crate::service::Service;

/// What the handlers of one worker share.
#[derive(Clone)]
pub struct Edge {
    /// The methods.
    pub service: Service,
    /// Who may call them.
    pub gatekeeper: Arc<Gatekeeper>,
    /// What sessions need; the hub in it belongs to this worker.
    pub sessions: Rc<Services>,
    /// Places for sockets.
    pub connections: Connections,
    /// Bounds of a socket.
    pub socket_limits: SocketLimits,
    /// Largest body of a request, bytes.
    pub max_body_bytes: usize,
    /// `/metrics` needs no token.
    pub metrics_public: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counters for `/metrics`.
    pub metrics: Arc<Metrics>,
}

/// Adds every route. What matches none is answered by [`net::edge`].
pub fn routes(config: &mut ServiceConfig, edge: Edge) {
    config
        .app_data(Data::new(edge))
        .service(
            web::scope("")
                .guard(guard::fn_guard(net::ws::wants_websocket))
                .default_service(web::to(socket::upgrade)),
        )
        .route(
            "/health",
            web::get()
                .guard(guard::fn_guard(no_query))
                .to(health::health),
        )
        .route(
            "/metrics",
            web::get()
                .guard(guard::fn_guard(no_query))
                .to(metrics::metrics),
        )
        .route(
            "/workflows",
            web::get()
                .guard(guard::fn_guard(no_query))
                .to(health::workflows),
        )
        .route(
            "/rpc",
            web::post()
                .guard(guard::fn_guard(no_query))
                .to(rpc::envelope),
        )
        .route("/v1/rpc/{method}", web::post().to(rpc::method))
        .route("/v1/runs", web::get().to(rest::list_runs))
        .route("/v1/runs/{run}", web::get().to(rest::get_run))
        .route("/v1/api/runs", web::get().to(rest::list_runs))
        .route("/v1/api/runs/{run}", web::get().to(rest::get_run))
        .configure(inside::routes)
        .configure(scores::routes)
        .route("/v1/api/crons", web::get().to(crons::list))
        .route("/v1/api/crons", web::post().to(crons::create))
        .route("/v1/api/crons/run", web::post().to(crons::run))
        .route("/v1/api/crons/{cron}", web::delete().to(crons::delete))
        .route("/webhooks/{key}", web::post().to(webhooks::webhook))
        .route("/", web::get().to(index::index));
}

/// Some routes match their exact address only (gateway-protocol 3.1).
fn no_query(request: &guard::GuardContext<'_>) -> bool {
    request.head().uri.query().is_none()
}

/// An error as it may be shown: without secrets in its texts.
fn redacted(error: &RpcError) -> RpcError {
    let redactor = smithers_redact::shared();
    error
        .clone()
        .with_texts(|text| redactor.line(Place::Message, text))
}

/// Marks a response as that of an error: its code for the access log and, when the error says how long to wait, a header.
fn mark_error(response: &mut HttpResponse, error: &RpcError) {
    Outcome(error.code().as_str()).put_on(response);
    if let Some(seconds) = error.retry_after_seconds() {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}
