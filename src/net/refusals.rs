//! Lines of the access log for what no handler ever saw: heads that could not be read, or did not come in time.

use std::net::IpAddr;
use std::sync::Arc;

use uuid::Uuid;

use super::edge::EdgeOptions;
use crate::access_log::{Line, Particulars};

/// Records the refusals of one connection.
pub(super) struct Refusals {
    options: Arc<EdgeOptions>,
    peer: Option<IpAddr>,
}

impl Refusals {
    pub(super) fn new(options: Arc<EdgeOptions>, peer: Option<IpAddr>) -> Self {
        Self { options, peer }
    }

    /// Records an answer of `bytes` bytes. There is no request to name: only when, from where, and what it was told.
    pub(super) fn record(&self, status: u16, bytes: u64) {
        self.options.access_log.write(Line {
            time: self.options.clock.now().to_iso(),
            transport: "http",
            request_id: Uuid::new_v4().to_string(),
            connection_id: None,
            remote: self.peer.map(|peer| peer.to_canonical()),
            method: None,
            path: None,
            route: None,
            rpc_method: None,
            status,
            outcome: None,
            duration_ms: 0.0,
            bytes,
            particulars: Particulars::default(),
        });
    }
}
