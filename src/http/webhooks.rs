//! `POST /webhooks/<workflow key>` (gateway-protocol 13): whoever knows the secret of the webhook may send.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Path, Payload as Body};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use smithers_actors::session::Transport;
use smithers_model::RawJson;
use smithers_protocol::error::RpcError;

use super::{Edge, access, mark_error, redacted};
use crate::access_log::Outcome;
use crate::rate::AddressKey;
use crate::service::webhooks::{Delivery, Presented};

/// Takes a request of another service. Nothing of it is looked at before its signature was found right.
pub(super) async fn webhook(
    edge: Data<Edge>,
    key: Path<String>,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    match take(&edge, &key, &request, body).await {
        Ok(delivered) => {
            let mut response = HttpResponse::Ok()
                .insert_header(ContentType::json())
                .body(delivered.as_str().to_owned());
            Outcome::OK.put_on(&mut response);
            response
        }
        Err(error) => refusal(&edge, &key, &error),
    }
}

async fn take(
    edge: &Edge,
    key: &str,
    request: &HttpRequest,
    body: Body,
) -> Result<RawJson, RpcError> {
    let webhook = edge.service.webhook(key)?;
    let address = access::address(request);
    let may_try = edge
        .service
        .limits
        .may_use_webhook(key, AddressKey::of(address));
    may_try.inspect_err(|error| {
        put_on_record(edge, key, address, "rate_limited");
        edge.metrics.rate_limited(Transport::Http.as_str(), error);
    })?;
    let bytes = access::read_body(request, body, edge.max_body_bytes).await?;
    let named = |name: &Option<String>| header(request, name.as_deref()?);
    let timestamp_header = webhook
        .replay
        .as_ref()
        .map(|guard| &*guard.timestamp_header);
    let presented = Presented {
        signature: header(request, &webhook.signature_header),
        id: named(&webhook.delivery_header),
        timestamp: timestamp_header.and_then(|name| header(request, name)),
        body: &bytes,
    };
    let proven = presented
        .prove(&webhook, edge.clock.now())
        .inspect_err(|refused| {
            if let Some(outcome) = refused.outcome() {
                let limits = &edge.service.limits;
                limits.webhook_refused(key, AddressKey::of(address));
                put_on_record(edge, key, address, outcome);
            }
        })?;
    let delivery = Delivery {
        key,
        webhook: &webhook,
        body: &parse(&bytes)?,
        proven,
    };
    edge.service.deliver(delivery).await
}

/// Counts a request of somebody who does not know the secret, or sends what somebody else has signed.
fn put_on_record(edge: &Edge, key: &str, address: Option<IpAddr>, outcome: &'static str) {
    let trail = edge.gatekeeper.trail();
    trail.webhook_refused(key, address, outcome, edge.clock.now());
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn parse(body: &[u8]) -> Result<Value, RpcError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body)
        .map_err(|_| RpcError::invalid_input("Webhook payload must be valid JSON."))
}

/// A refusal in the envelope of this surface, which has no version.
fn refusal(edge: &Edge, key: &str, error: &RpcError) -> HttpResponse {
    let error = redacted(error);
    edge.metrics.webhook_refused();
    if error.status() >= 500 {
        tracing::warn!(workflow = key, %error, "a webhook could not be served");
    }
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let shown = json!({ "code": error.code().as_str(), "message": error.message() });
    let body = json!({ "ok": false, "error": shown }).to_string();
    let mut response = HttpResponse::build(status)
        .insert_header(ContentType::json())
        .body(body);
    mark_error(&mut response, &error);
    response
}
