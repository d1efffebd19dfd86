//! The REST view of schedules, `/v1/api/crons` (gateway-protocol 3.7): the methods `cronList`, `cronCreate`,
//! `cronDelete` and `cronRun` under addresses of their own.

use actix_web::web::{Data, Path, Payload as Body};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use smithers_protocol::method::Method;

use super::called::Called;
use super::{Edge, access, rest};
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
