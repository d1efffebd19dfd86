//! `/health` and `/workflows`: open, and without particulars of the process.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use smithers_protocol::params::ListWorkflows;

use super::{Edge, rpc};

/// `GET /health`: 200 while writes are accepted, else 503.
pub(super) async fn health(edge: Data<Edge>) -> HttpResponse {
    let (ok, payload) = edge.service.health_route().await;
    let mut response = match ok {
        true => HttpResponse::Ok(),
        false => HttpResponse::ServiceUnavailable(),
    };
    response
        .insert_header(ContentType::json())
        .body(payload.into_bytes())
}

/// `GET /workflows`: summaries of the workflows that are not internal.
pub(super) async fn workflows(edge: Data<Edge>) -> HttpResponse {
    match edge.service.workflows_payload(ListWorkflows::default()) {
        Ok(summaries) => {
            let mut body = b"{\"workflows\":".to_vec();
            body.extend_from_slice(summaries.as_bytes());
            body.push(b'}');
            HttpResponse::Ok()
                .insert_header(ContentType::json())
                .body(body)
        }
        Err(error) => rpc::error_frame("workflows", &error),
    }
}
