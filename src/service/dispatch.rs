//! The methods as sessions call them.

use std::sync::Arc;
use std::time::Instant;

use futures_core::future::LocalBoxFuture;
use smithers_actors::session::{Caller, Dispatch};
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RawParams};
use smithers_protocol::method::Method;

use super::Service;
use crate::metrics::Metrics;

/// Calls the service and counts.
pub struct Dispatcher {
    service: Service,
    metrics: Arc<Metrics>,
}

impl Dispatcher {
    /// Calls `service`, counts in `metrics`.
    pub fn new(service: Service, metrics: Arc<Metrics>) -> Self {
        Self { service, metrics }
    }
}

impl Dispatch for Dispatcher {
    fn call(
        &self,
        caller: Caller,
        method: Method,
        params: RawParams,
    ) -> LocalBoxFuture<'static, Result<Payload, RpcError>> {
        let (service, metrics) = (self.service.clone(), self.metrics.clone());
        Box::pin(async move {
            let begin = Instant::now();
            let result = service.call(&caller, method, &params).await;
            metrics.rpc(
                "websocket",
                method.name(),
                begin.elapsed(),
                result.as_ref().err(),
            );
            result
        })
    }
}
