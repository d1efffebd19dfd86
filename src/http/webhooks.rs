//! `POST /webhooks/<workflow key>` (gateway-protocol 13): whoever knows the secret of the webhook may send.

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Path, Payload as Body};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use smithers_protocol::error::RpcError;

use super::{Edge, access, mark_error, redacted};
use crate::access_log::Outcome;
use crate::service::webhooks::{Delivered, Delivery, check_delivery_id, is_signed};

/// Takes a request of another service. Nothing of it is looked at before its signature was found right.
pub(super) async fn webhook(
    edge: Data<Edge>,
    key: Path<String>,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    match take(&edge, &key, &request, body).await {
        Ok(delivered) => {
            let mut response = HttpResponse::Ok().json(delivered);
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
) -> Result<Delivered, RpcError> {
    let webhook = edge.service.webhook(key)?;
    let bytes = access::read_body(request, body, edge.max_body_bytes).await?;
    if !is_signed(&webhook, header(request, &webhook.signature_header), &bytes) {
        return Err(RpcError::unauthorized(
            "Webhook signature verification failed",
        ));
    }
    let id = match &webhook.delivery_header {
        Some(name) => Some(check_delivery_id(name, header(request, name))?),
        None => None,
    };
    let delivery = Delivery {
        key,
        webhook: &webhook,
        body: &parse(&bytes)?,
        id: id.as_deref(),
    };
    edge.service.deliver(delivery).await
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
