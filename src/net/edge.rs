//! The outermost middleware: what holds for every request and every response.

use std::{rc::Rc, sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::StatusCode,
    middleware::Next,
    web::Data,
};
use smithers_actors::clock::SystemClock;
use smithers_model::time::Clock;
use tracing::Instrument;

use super::{
    client::ClientAddress,
    conn::Conn,
    exchange::{Exchange, Tracked},
    path, reply, request_body,
    request_id::RequestId,
};
use crate::access_log::AccessLog;
use crate::config::Network;

/// What the edge knows of its surroundings; app data of every worker. Without it no proxy is trusted, and requests are
/// recorded in the log of the process.
#[derive(Clone)]
pub struct EdgeOptions {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Where requests are recorded.
    pub access_log: AccessLog,
    /// The time, for those records.
    pub clock: Arc<dyn Clock>,
}

impl Default for EdgeOptions {
    fn default() -> EdgeOptions {
        EdgeOptions {
            trusted_proxies: Vec::new(),
            access_log: AccessLog::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Gives each request its id, its span and its access-log line, reports its phases to the
/// connection, and gives each response the common headers; for `App::wrap(from_fn(edge))`.
///
/// A path with malformed escapes is refused here, before any route decodes it. A wrong
/// method, and a 404 without body, become the one answer for unknown routes.
///
/// # Errors
/// Only what an inner middleware returned as an error; its response has the headers too.
pub async fn edge<B>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Tracked>, Error>
where
    B: MessageBody + 'static,
{
    let conn = req.conn_data::<Rc<Conn>>().cloned();
    let id = RequestId::of(req.headers());
    let options = req.app_data::<Data<EdgeOptions>>().cloned();
    let options = options.unwrap_or_else(|| Data::new(EdgeOptions::default()));
    let peer = req.peer_addr().map(|peer| peer.ip());
    let client = ClientAddress::of(peer, req.headers(), &options.trusted_proxies);
    let exchange = Exchange::begin(&req, id.clone(), conn.clone(), client, options.into_inner());
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        method = %req.method(),
        path = exchange.path(),
    );
    if let Some(conn) = conn {
        enter(&mut req, conn);
    }
    req.extensions_mut().insert(id.clone());
    req.extensions_mut().insert(client);
    req.extensions_mut().insert(exchange.noted());

    if !path::is_well_formed(exchange.path()) {
        return Ok(leave(req.into_response(reply::bad_path(&id)), exchange));
    }
    match next.call(req).instrument(span).await {
        Ok(response) => Ok(leave(response, exchange)),
        Err(error) => Err(leave_with_error(&error, exchange)),
    }
}

/// Reports the request to the connection, and later the end of its body.
fn enter(req: &mut ServiceRequest, conn: Rc<Conn>) {
    let has_body = request_body::is_announced(req.headers());
    conn.request_began(has_body, Instant::now());
    if has_body {
        let payload = req.take_payload();
        req.set_payload(request_body::track(payload, conn));
    }
}

fn leave<B>(response: ServiceResponse<B>, mut exchange: Exchange) -> ServiceResponse<Tracked>
where
    B: MessageBody + 'static,
{
    exchange.routed(response.request());
    let is_unrouted = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => true,
        StatusCode::NOT_FOUND => {
            matches!(
                response.response().body().size(),
                BodySize::None | BodySize::Sized(0)
            )
        }
        _ => false,
    };
    let mut response = if is_unrouted {
        exchange.unrouted();
        response.into_response(reply::route_not_found(exchange.path()))
    } else {
        response.map_into_boxed_body()
    };
    reply::put_common_headers(response.headers_mut());
    exchange.respond(response.response());
    response.map_body(|_, body| Tracked::new(body, exchange))
}

/// The dispatcher turns an error into a response itself, so it gets one made beforehand.
fn leave_with_error(error: &Error, mut exchange: Exchange) -> Error {
    let mut response = error.error_response();
    reply::put_common_headers(response.headers_mut());
    exchange.respond(&response);
    InternalError::from_response(error.to_string(), response).into()
}
