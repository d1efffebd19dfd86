//! One line of the access log.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;
use smithers_actors::session::Identity;

/// A request that was answered, over HTTP or over a socket.
///
/// It holds what an investigation needs and nothing that a client sent as content: no query, no header, no body. Every
/// member is always there, null when it is not known.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// When it was answered, ISO-8601 in UTC.
    pub time: String,
    /// `http`, or `websocket` for a request frame.
    pub transport: &'static str,
    /// Id of the request; clients may choose it.
    pub request_id: String,
    /// Id of the upgrade request of the socket that a frame came over.
    pub connection_id: Option<String>,
    /// Where the client is, behind trusted proxies.
    pub remote: Option<IpAddr>,
    /// HTTP method.
    pub method: Option<&'static str>,
    /// Path of the request; for the log of the process only, since clients put anything into it.
    #[serde(skip)]
    pub path: Option<String>,
    /// Pattern of the route, without what stood in its places.
    pub route: Option<String>,
    /// Name of the RPC method, or `unknown`.
    pub rpc_method: Option<&'static str>,
    /// HTTP status; for a frame, the status that its answer would have had.
    pub status: u16,
    /// `ok`, or the code of the error; none when the answer has none.
    pub outcome: Option<&'static str>,
    /// Milliseconds from the request to the end of its answer.
    pub duration_ms: f64,
    /// Bytes of the answer.
    pub bytes: u64,
    /// As whom it was made.
    #[serde(flatten)]
    pub particulars: Particulars,
}

/// What is known of a request once somebody has looked into it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Particulars {
    /// Id of the token, never the token.
    pub token_id: Option<String>,
    /// User of the token.
    pub user_id: Option<String>,
    /// The run that the request was about.
    pub run_id: Option<String>,
    /// Name of the RPC method, in a line of its own member.
    #[serde(skip)]
    pub rpc_method: Option<&'static str>,
}

impl Particulars {
    /// Takes note of who calls.
    pub fn set_caller(&mut self, caller: &Identity) {
        self.token_id.clone_from(&caller.token_id);
        self.user_id.clone_from(&caller.user_id);
    }
}

/// Returns a time span in milliseconds, to the microsecond.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    took.as_micros() as f64 / 1_000.0
}
