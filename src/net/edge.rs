//! The outermost middleware: what holds for every request and every response.

use std::{rc::Rc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::StatusCode,
    middleware::Next,
    web::Data,
};
use tracing::Instrument;

use super::{
    client::ClientAddress,
    conn::Conn,
    exchange::{Exchange, Tracked},
    path, reply, request_body,
    request_id::RequestId,
};
use crate::config::Network;

/// What the edge knows of its surroundings; app data of every worker. Without it no proxy is trusted.
#[derive(Debug, Clone, Default)]
pub struct EdgeOptions {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
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
    let exchange = Exchange::begin(&req, id.clone(), conn.clone());
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        method = %req.method(),
        path = exchange.path(),
    );
    if let Some(conn) = conn {
        enter(&mut req, conn);
    }
    let options = req.app_data::<Data<EdgeOptions>>();
    let trusted = options.map_or(&[][..], |options| &options.trusted_proxies);
    let peer = req.peer_addr().map(|peer| peer.ip());
    let client = ClientAddress::of(peer, req.headers(), trusted);
    req.extensions_mut().insert(id.clone());
    req.extensions_mut().insert(client);

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
        response.into_response(reply::route_not_found(exchange.path()))
    } else {
        response.map_into_boxed_body()
    };
    reply::put_common_headers(response.headers_mut());
    exchange.respond(response.status());
    response.map_body(|_, body| Tracked::new(body, exchange))
}

/// The dispatcher turns an error into a response itself, so it gets one made beforehand.
fn leave_with_error(error: &Error, mut exchange: Exchange) -> Error {
    let mut response = error.error_response();
    reply::put_common_headers(response.headers_mut());
    exchange.respond(response.status());
    InternalError::from_response(error.to_string(), response).into()
}
