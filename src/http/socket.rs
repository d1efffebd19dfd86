//! The WebSocket upgrade, at any path: capacity, then the gates, then the handshake (gateway-protocol 6.1).

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use smithers_actors::session::{self, Socket, UpgradeInfo};

use super::{Edge, access};
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
    let Ok(bearer) = access::upgrade(&edge, &request) else {
        return ws::refuse(StatusCode::FORBIDDEN, "Origin or host is not allowed");
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
        },
        ticket,
    };
    edge.metrics.connection_opened();
    let services = Rc::unwrap_or_clone(edge.sessions.clone());
    session::start(services, edge.clock.clone(), socket, upgraded.inbound);
    upgraded.response
}
