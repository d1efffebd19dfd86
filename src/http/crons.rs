//! The REST view of schedules, `/v1/api/crons` (gateway-protocol 3.7): the methods `cronList`, `cronCreate`,
//! `cronDelete` and `cronRun` under addresses of their own.

use std::sync::Arc;

use actix_web::web::{Data, Path, Payload as Body};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use smithers_actors::session::Identity;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RpcBody};
use smithers_protocol::method::Method;

use super::{Edge, access, rest, rpc};
use crate::access_log;
use crate::net::RequestId;

/// `GET /v1/api/crons`: the rows of `cronList`; with `?workflow=KEY` those of one workflow.
pub(super) async fn list(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
) -> HttpResponse {
    let listed = async {
        let identity = access::authenticate(&edge, &request)?;
        let params = json!({ "filter": rest::query_of(&request)? }).to_string();
        Called::new(&edge, &request, &request_id)
            .call(identity, Method::CronList, params.as_bytes())
            .await
    };
    rest::envelope(listed.await)
}

/// `POST /v1/api/crons`: stores the schedule in the body.
pub(super) async fn create(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    let called = Called::new(&edge, &request, &request_id);
    rest::envelope(called.call_with(Method::CronCreate, body).await)
}

/// `POST /v1/api/crons/run`: launches the workflow of a schedule now.
pub(super) async fn run(
    edge: Data<Edge>,
    request_id: RequestId,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    let called = Called::new(&edge, &request, &request_id);
    rest::envelope(called.call_with(Method::CronRun, body).await)
}

/// `DELETE /v1/api/crons/<id>`: removes a schedule. A body is not looked at.
pub(super) async fn delete(
    edge: Data<Edge>,
    request_id: RequestId,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let deleted = async {
        let identity = access::authenticate(&edge, &request)?;
        let params = json!({ "cronId": id.into_inner() }).to_string();
        Called::new(&edge, &request, &request_id)
            .call(identity, Method::CronDelete, params.as_bytes())
            .await
    };
    rest::envelope(deleted.await)
}

/// A request that stands for the call of a method.
struct Called<'a> {
    edge: &'a Edge,
    request: &'a HttpRequest,
    request_id: &'a RequestId,
}

impl<'a> Called<'a> {
    fn new(edge: &'a Edge, request: &'a HttpRequest, request_id: &'a RequestId) -> Called<'a> {
        Called {
            edge,
            request,
            request_id,
        }
    }

    /// Calls `method` with the body of the request as its parameters.
    async fn call_with(&self, method: Method, body: Body) -> Result<Payload, RpcError> {
        let identity = access::authenticate(self.edge, self.request)?;
        let bytes = access::read_body(self.request, body, self.edge.max_body_bytes).await?;
        self.call(identity, method, &bytes).await
    }

    /// Calls `method`. The parameters are held to the same bounds as those of `/v1/rpc`.
    async fn call(
        &self,
        identity: Identity,
        method: Method,
        params: &[u8],
    ) -> Result<Payload, RpcError> {
        let call = RpcBody::for_method(method.name(), params).map_err(|refused| refused.error)?;
        access_log::note(self.request, |noted| noted.rpc_method = Some(method.name()));
        rpc::dispatch(
            self.edge,
            Arc::new(identity),
            self.request_id.as_str(),
            call,
        )
        .await
    }
}
