//! `/metrics` in the text format of Prometheus. Needs `observability:read` unless the operator opened it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use smithers_protocol::error::RpcError;
use smithers_protocol::scope::Scope;

use super::{Edge, access, rpc};
use crate::metrics::Scraped;
use crate::net::RequestId;

/// `GET /metrics`.
pub(super) async fn metrics(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
) -> HttpResponse {
    if let Err(error) = permitted(&edge, &request) {
        return rpc::error_frame(request_id.as_str(), &error);
    }
    let scraped = Scraped {
        service: &edge.service,
        connections: &edge.connections,
        grants: edge.gatekeeper.grants(),
    };
    HttpResponse::Ok()
        .insert_header(("content-type", "text/plain; version=0.0.4; charset=utf-8"))
        .body(edge.metrics.render(&scraped))
}

fn permitted(edge: &Edge, request: &HttpRequest) -> Result<(), RpcError> {
    if edge.metrics_public {
        return Ok(());
    }
    let identity = access::authenticate(edge, request)?;
    match identity.grants.holds(Scope::ObservabilityRead) {
        true => Ok(()),
        false => Err(RpcError::missing_scope(
            Scope::ObservabilityRead.as_str(),
            "metrics",
        )),
    }
}
