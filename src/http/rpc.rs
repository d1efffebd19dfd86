//! RPC over HTTP: `POST /v1/rpc/<method>` and `POST /rpc`. The order of checks is that of gateway-protocol 3.3:
//! authenticate, read the body, bounds, method name, scope, method.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Path, Payload as Body};
use actix_web::{HttpRequest, HttpResponse};
use smithers_actors::session::{Caller, Identity, Transport, authorise};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{FrameError, Payload, RpcBody, write_error, write_ok};

use super::{Edge, access, mark_error, redacted};
use crate::access_log::{self, Outcome};
use crate::net::RequestId;

/// `POST /v1/rpc/<method>`.
pub(super) async fn method(
    edge: Data<Edge>,
    method: Path<String>,
    request_id: RequestId,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    answer(&edge, request_id.as_str(), &request, body, |bytes| {
        RpcBody::for_method(&method, bytes)
    })
    .await
}

/// `POST /rpc`.
pub(super) async fn envelope(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    answer(
        &edge,
        request_id.as_str(),
        &request,
        body,
        RpcBody::envelope,
    )
    .await
}

async fn answer(
    edge: &Edge,
    request_id: &str,
    request: &HttpRequest,
    body: Body,
    read: impl FnOnce(&[u8]) -> Result<RpcBody, FrameError>,
) -> HttpResponse {
    let identity = match access::authenticate(edge, request) {
        Ok(identity) => identity,
        Err(error) => return error_frame(request_id, &error),
    };
    let bytes = match access::read_body(request, body, edge.max_body_bytes).await {
        Ok(bytes) => bytes,
        Err(error) => return error_frame(request_id, &error),
    };
    match read(&bytes) {
        Ok(call) => {
            let id = call.id.clone().unwrap_or_else(|| request_id.to_owned());
            let label = smithers_protocol::method::resolve(&call.method).label();
            let run = call.params.run_named();
            access_log::note(request, |noted| {
                noted.rpc_method = Some(label);
                noted.run_id = run;
            });
            match dispatch(edge, Arc::new(identity), request_id, call).await {
                Ok(payload) => {
                    if let Some(run) = access_log::launched(Some(label), &payload) {
                        access_log::note(request, |noted| noted.run_id = Some(run));
                    }
                    ok_frame(&id, &payload)
                }
                Err(error) => error_frame(&id, &error),
            }
        }
        Err(refused) => error_frame(refused.id.as_deref().unwrap_or(request_id), &refused.error),
    }
}

/// Calls a method for somebody who may, and counts it.
///
/// # Errors
/// Those of the scope and of the method.
pub(super) async fn dispatch(
    edge: &Edge,
    identity: Arc<Identity>,
    request_id: &str,
    call: RpcBody,
) -> Result<Payload, RpcError> {
    let begin = Instant::now();
    let label = smithers_protocol::method::resolve(&call.method).label();
    let result = async {
        let method = authorise(&identity, &call.method, Transport::Http)?;
        let caller = Caller {
            identity,
            request_id: request_id.to_owned(),
            connection: None,
        };
        edge.service.call(&caller, method, &call.params).await
    }
    .await;
    edge.metrics
        .rpc("http", label, begin.elapsed(), result.as_ref().err());
    result
}

fn ok_frame(id: &str, payload: &Payload) -> HttpResponse {
    let mut frame = Vec::with_capacity(payload.as_bytes().len() + 96);
    write_ok(&mut frame, id, payload);
    let mut response = respond(StatusCode::OK, frame);
    Outcome::OK.put_on(&mut response);
    response
}

/// A failed request as a response frame with the status of its code.
pub(super) fn error_frame(id: &str, error: &RpcError) -> HttpResponse {
    let mut frame = Vec::with_capacity(192);
    write_error(&mut frame, id, &redacted(error));
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(status, frame);
    mark_error(&mut response, error);
    response
}

fn respond(status: StatusCode, frame: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(ContentType::json())
        .body(frame)
}
