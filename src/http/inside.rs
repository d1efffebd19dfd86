//! The REST view of the inside of a run (gateway-protocol 3.7): methods that read, under addresses of their own.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use smithers_protocol::error::RpcError;
use smithers_protocol::method::Method;
use smithers_protocol::params::Params;

use super::called::Called;
use super::{Edge, access, rest};
use crate::net::RequestId;

/// What follows the address of a run, the method it stands for, and the numbers that its query may hold.
const OF_A_RUN: [(&str, Method, &[&str]); 5] = [
    ("node-states", Method::ListNodeStates, &[]),
    ("descendants", Method::ListRunDescendants, &["limit"]),
    ("token-usage", Method::ListRunTokenUsage, &[]),
    ("tree", Method::GetDevToolsSnapshot, &["frameNo"]),
    ("devtools", Method::GetDevToolsSnapshot, &["frameNo"]),
];

/// The same for what follows the address of a node.
const OF_A_NODE: [(&str, Method, &[&str]); 2] = [
    ("output", Method::GetNodeOutput, &["iteration"]),
    ("diff", Method::GetNodeDiff, &["iteration"]),
];

/// Adds the routes.
pub(super) fn routes(config: &mut ServiceConfig) {
    for (suffix, method, numbers) in OF_A_RUN {
        let path = format!("/v1/api/runs/{{run}}/{suffix}");
        let read = move |edge, id, run: Path<String>, request| {
            let names = vec![("runId", run.into_inner())];
            read(edge, id, request, method, names, numbers)
        };
        config.route(&path, web::get().to(read));
    }
    for (suffix, method, numbers) in OF_A_NODE {
        for stem in [
            "/v1/api/runs/{run}/nodes/{node}",
            "/v1/api/nodes/{run}/{node}",
        ] {
            let read = move |edge, id, names: Path<(String, String)>, request| {
                let (run, node) = names.into_inner();
                let names = vec![("runId", run), ("nodeId", node)];
                read(edge, id, request, method, names, numbers)
            };
            config.route(&format!("{stem}/{suffix}"), web::get().to(read));
        }
    }
}

/// Calls `method` about what the address names, with the numbers of the query.
async fn read(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
    method: Method,
    names: Vec<(&'static str, String)>,
    numbers: &[&str],
) -> HttpResponse {
    let answered = async {
        let identity = access::authenticate(&edge, &request)?;
        let mut params = numbers_of(&rest::query_of(&request)?, numbers)?;
        if matches!(method, Method::GetNodeOutput | Method::GetNodeDiff) {
            params.entry("iteration").or_insert_with(|| 0.into());
        }
        let names = names.into_iter();
        params.extend(names.map(|(name, text)| (name.to_owned(), Value::String(text))));
        let params = Value::Object(params).to_string();
        Called::new(&edge, &request, &request_id)
            .call(identity, method, params.as_bytes())
            .await
    };
    rest::envelope(answered.await)
}

/// The named numbers of a query; each must be a non-negative integer.
fn numbers_of(query: &Params, names: &[&str]) -> Result<Params, RpcError> {
    let mut numbers = Params::new();
    for name in names {
        let Some(value) = query.get(*name) else {
            continue;
        };
        let number = value.as_str().and_then(|text| text.parse::<u32>().ok());
        let number = number.ok_or_else(|| {
            RpcError::invalid_input(format!("{name} must be a non-negative integer."))
        })?;
        numbers.insert((*name).to_owned(), number.into());
    }
    Ok(numbers)
}
