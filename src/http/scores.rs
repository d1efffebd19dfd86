//! The REST view of scores (gateway-protocol 3.7).

use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use smithers_protocol::error::RpcError;
use smithers_protocol::method::Method;
use smithers_protocol::params::Params;

use super::called::Called;
use super::{Edge, access, rest};
use crate::net::RequestId;

/// Adds the routes.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/v1/api/scores", web::get().to(list))
        .route("/v1/api/scores/compare", web::get().to(compare))
        .route("/v1/api/scores/{run}/{score}", web::get().to(show));
}

async fn list(edge: Data<Edge>, id: RequestId, request: HttpRequest) -> HttpResponse {
    let params = rest::query_of(&request);
    call(edge, id, request, Method::ListScores, params).await
}

async fn compare(edge: Data<Edge>, id: RequestId, request: HttpRequest) -> HttpResponse {
    let params = compared(&request);
    call(edge, id, request, Method::ListScoresForRuns, params).await
}

async fn show(
    edge: Data<Edge>,
    id: RequestId,
    names: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (run, score) = names.into_inner();
    let params = Params::from_iter([
        ("runId".to_owned(), Value::String(run)),
        ("scoreId".to_owned(), Value::String(score)),
    ]);
    call(edge, id, request, Method::GetScoreDetail, Ok(params)).await
}

/// A query that names several runs.
fn compared(request: &HttpRequest) -> Result<Params, RpcError> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|_| RpcError::invalid_input("The query string cannot be read."))?;
    let mut params = Params::new();
    let mut runs = Vec::new();
    for (name, value) in pairs.into_inner() {
        match name.as_str() {
            "runId" => runs.push(Value::String(value)),
            "offset" | "limit" => {
                let number = value.parse::<u64>().map_or(json!(value), Value::from);
                params.insert(name, number);
            }
            _ => drop(params.insert(name, Value::String(value))),
        }
    }
    params.insert("runIds".to_owned(), Value::Array(runs));
    Ok(params)
}

async fn call(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
    method: Method,
    params: Result<Params, RpcError>,
) -> HttpResponse {
    let answered = async {
        let identity = access::authenticate(&edge, &request)?;
        let params = Value::Object(params?).to_string();
        Called::new(&edge, &request, &request_id)
            .call(identity, method, params.as_bytes())
            .await
    };
    rest::envelope(answered.await)
}
