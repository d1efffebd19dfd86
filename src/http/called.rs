//! A REST request that stands for the call of a method.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Payload as Body;
use smithers_actors::session::Identity;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RpcBody};
use smithers_protocol::method::Method;

use super::{Edge, access, rpc};
use crate::access_log;
use crate::net::RequestId;

/// A request that stands for the call of a method.
pub(super) struct Called<'a> {
    edge: &'a Edge,
    request: &'a HttpRequest,
    request_id: &'a RequestId,
}

impl<'a> Called<'a> {
    /// A call that `request` stands for.
    pub(super) fn new(
        edge: &'a Edge,
        request: &'a HttpRequest,
        request_id: &'a RequestId,
    ) -> Called<'a> {
        Called {
            edge,
            request,
            request_id,
        }
    }

    /// Calls `method` with the body of the request as its parameters.
    pub(super) async fn call_with(&self, method: Method, body: Body) -> Result<Payload, RpcError> {
        let identity = access::authenticate(self.edge, self.request)?;
        let bytes = access::read_body(self.request, body, self.edge.max_body_bytes).await?;
        self.call(identity, method, &bytes).await
    }

    /// Calls `method`. The parameters are held to the same bounds as those of `/v1/rpc`.
    pub(super) async fn call(
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
