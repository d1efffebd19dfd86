//! The WebSocket upgrade, at any path: capacity, then the gates, then the handshake (gateway-protocol 6.1).

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use smithers_actors::session::{self, Socket, UpgradeInfo};

use super::{Edge, access, mark_error};
use crate::auth::UpgradeRefusal;
use crate::net::{RequestId, ws};

/// Any request that asks for a WebSocket.
pub(super) async fn upgrade(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let Ok(ticket) = edge.connections.enter() else {
        edge.metrics.connection_refused();
        return ws::refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "Gateway connection limit reached",
        );
    };
    let bearer = match access::upgrade(&edge, &request) {
        Ok(bearer) => bearer,
        Err(UpgradeRefusal::Gate(_)) => {
            return ws::refuse(StatusCode::FORBIDDEN, "Origin or host is not allowed");
        }
        Err(UpgradeRefusal::TooMany(error)) => {
            let mut response = ws::refuse(StatusCode::TOO_MANY_REQUESTS, error.message());
            mark_error(&mut response, &error);
            return response;
        }
    };
    let upgraded = match ws::upgrade(&request, payload, edge.socket_limits) {
        Ok(upgraded) => upgraded,
        Err(refusal) => return refusal.error_response(),
    };
    let socket = Socket {
        outbox: upgraded.outbox,
        gate: upgraded.gate,
        upgrade: UpgradeInfo {
            bearer,
            request_id: request_id.to_string(),
            address: access::address(&request),
        },
        ticket,
    };
    edge.metrics.connection_opened();
    let services = Rc::unwrap_or_clone(edge.sessions.clone());
    session::start(services, edge.clock.clone(), socket, upgraded.inbound);
    upgraded.response
}
