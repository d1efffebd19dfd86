//! The beginning of every handler: who calls, and the bytes it sent, within bounds.

use std::net::IpAddr;

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut, Payload as Body};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use secrecy::SecretString;
use smithers_actors::session::Identity;
use smithers_protocol::error::RpcError;

use super::Edge;
use crate::access_log;
use crate::auth::{RequestHeaders, UpgradeRefusal};
use crate::net::ClientAddress;

/// Finds out who sent `request`.
///
/// # Errors
/// `UNAUTHORIZED` with the reason, or `RateLimited`.
pub(super) fn authenticate(edge: &Edge, request: &HttpRequest) -> Result<Identity, RpcError> {
    let identity = edge.gatekeeper.http(&headers(request), address(request))?;
    access_log::note(request, |noted| noted.set_caller(&identity));
    Ok(identity)
}

/// Checks the gates in front of a WebSocket and returns the bearer that the request brought.
pub(super) fn upgrade(
    edge: &Edge,
    request: &HttpRequest,
) -> Result<Option<SecretString>, UpgradeRefusal> {
    edge.gatekeeper.upgrade(&headers(request), address(request))
}

/// Returns where the client is, as the edge has found out.
pub(super) fn address(request: &HttpRequest) -> Option<IpAddr> {
    let found = request.extensions().get::<ClientAddress>().copied();
    found.and_then(|ClientAddress(address)| address)
}

fn headers(request: &HttpRequest) -> RequestHeaders<'_> {
    let all = request.headers().iter();
    RequestHeaders::collect(all.map(|(name, value)| (name.as_str(), value.as_bytes())))
}

/// Reads a body of at most `max` bytes; a larger announced length is refused before anything is read.
///
/// # Errors
/// `PayloadTooLarge`, or `INVALID_INPUT` when the peer did not send what it announced.
pub(super) async fn read_body(
    request: &HttpRequest,
    mut body: Body,
    max: usize,
) -> Result<Bytes, RpcError> {
    if announced_length(request).is_some_and(|length| length > max) {
        return Err(RpcError::body_too_large(max));
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk =
            chunk.map_err(|_| RpcError::invalid_input("The request body did not arrive."))?;
        if bytes.len() + chunk.len() > max {
            return Err(RpcError::body_too_large(max));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    let length = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?;
    Some(length.trim().parse().unwrap_or(usize::MAX))
}
