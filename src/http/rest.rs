//! The REST view of runs: `/v1/runs` and `/v1/api/runs`, with the envelope `{ok, data|error}` (gateway-protocol 3.6).

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use smithers_actors::session::{Transport, authorise};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{ListRuns, Params};

use super::{Edge, access, mark_error, redacted};
use crate::access_log::{self, Outcome};

/// `GET /v1/runs`: the rows of `listRuns`, filtered by query parameters.
pub(super) async fn list_runs(edge: Data<Edge>, request: HttpRequest) -> HttpResponse {
    let listed = async {
        let identity = access::authenticate(&edge, &request)?;
        authorise(&identity, "listRuns", Transport::Http)?;
        let filter = query_of(&request)?;
        edge.service
            .runs_payload(ListRuns::read_filter(&filter)?)
            .await
    };
    envelope(listed.await)
}

/// `GET /v1/runs/<id>`: the record of `getRun`.
pub(super) async fn get_run(
    edge: Data<Edge>,
    run_id: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let found = async {
        let identity = access::authenticate(&edge, &request)?;
        access_log::note(&request, |noted| noted.run_id = Some(run_id.clone()));
        authorise(&identity, "getRun", Transport::Http)?;
        let record = edge.service.run_payload(&run_id).await?;
        record.ok_or_else(|| RpcError::no_such_run(&run_id))
    };
    envelope(found.await)
}

/// Query parameters as a filter. Numbers and booleans are texts in a query; the readers of parameters accept
/// numeric text, and `includeSystem=true` is the one flag.
pub(super) fn query_of(request: &HttpRequest) -> Result<Params, RpcError> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|_| RpcError::invalid_input("The query string cannot be read."))?;
    let mut filter = Params::new();
    for (name, value) in pairs.into_inner() {
        let value = match (name.as_str(), value.as_str()) {
            ("includeSystem", "true") => Value::Bool(true),
            ("includeSystem", _) => continue,
            ("offset", text) => text
                .parse::<u64>()
                .map_or(Value::String(value), Value::from),
            _ => Value::String(value),
        };
        filter.insert(name, value);
    }
    Ok(filter)
}

/// An answer in the envelope of this surface.
pub(super) fn envelope(result: Result<Payload, RpcError>) -> HttpResponse {
    match result {
        Ok(data) => {
            let mut body = Vec::with_capacity(data.as_bytes().len() + 24);
            body.extend_from_slice(b"{\"ok\":true,\"data\":");
            body.extend_from_slice(data.as_bytes());
            body.push(b'}');
            let mut response = respond(StatusCode::OK, body);
            Outcome::OK.put_on(&mut response);
            response
        }
        Err(error) => {
            let status =
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let body = json!({"ok": false, "error": redacted(&error)}).to_string();
            let mut response = respond(status, body.into_bytes());
            mark_error(&mut response, &error);
            response
        }
    }
}

fn respond(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(ContentType::json())
        .body(body)
}
