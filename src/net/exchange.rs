//! One request and its response: the access-log line, and the end of the serving phase.

use std::{
    error::Error as StdError,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceRequest,
    http::{Method, StatusCode},
};
use bytes::Bytes;

use super::{client::ClientAddress, conn::Conn, edge::EdgeOptions, request_id::RequestId};
use crate::access_log::{Line, Noted, Outcome, milliseconds};

/// Logged when the peer left before there was a response.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The route of every request for a WebSocket, which may come at any path.
const ANY_PATH: &str = "/*";

/// Lives from the entry of a request to the end of its response, whichever way that comes.
pub(super) struct Exchange {
    conn: Option<Rc<Conn>>,
    options: Arc<EdgeOptions>,
    noted: Noted,
    id: RequestId,
    method: Method,
    path: String,
    client: ClientAddress,
    started: Instant,
    route: Option<String>,
    status: Option<StatusCode>,
    outcome: Option<Outcome>,
    bytes: u64,
}

impl Exchange {
    pub(super) fn begin(
        req: &ServiceRequest,
        id: RequestId,
        conn: Option<Rc<Conn>>,
        client: ClientAddress,
        options: Arc<EdgeOptions>,
    ) -> Self {
        Self {
            conn,
            options,
            noted: Noted::default(),
            id,
            method: req.method().clone(),
            path: req.uri().path().to_owned(),
            client,
            started: Instant::now(),
            route: None,
            status: None,
            outcome: None,
            bytes: 0,
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns where a handler puts what it finds out.
    pub(super) fn noted(&self) -> Noted {
        self.noted.clone()
    }

    /// Notes which route took the request, for the line; finding its pattern again is not free.
    pub(super) fn routed(&mut self, request: &HttpRequest) {
        if !self.options.access_log.is_read() {
            return;
        }
        let is_socket = request.head().upgrade();
        let any_path = is_socket.then(|| ANY_PATH.to_owned());
        self.route = any_path.or_else(|| request.match_pattern());
    }

    /// Notes that no route took the request after all.
    pub(super) fn unrouted(&mut self) {
        self.route = None;
    }

    /// Notes that a response goes to the dispatcher now.
    pub(super) fn respond<B>(&mut self, response: &HttpResponse<B>) {
        self.status = Some(response.status());
        self.outcome = response.extensions().get::<Outcome>().copied();
        if let Some(conn) = &self.conn {
            conn.response_began();
        }
    }

    /// Returns what is logged as status: that of the response, or why there was none.
    fn status(&self) -> u16 {
        match (self.status, &self.conn) {
            (Some(status), _) => status.as_u16(),
            (None, Some(conn)) if conn.is_timed_out() => StatusCode::REQUEST_TIMEOUT.as_u16(),
            (None, _) => CLIENT_CLOSED_REQUEST,
        }
    }

    fn line(&self) -> Line {
        let particulars = self.noted.particulars();
        let ClientAddress(remote) = self.client;
        Line {
            time: self.options.clock.now().to_iso(),
            transport: "http",
            request_id: self.id.to_string(),
            connection_id: None,
            remote,
            method: Some(known_method(&self.method)),
            path: Some(self.path.clone()),
            route: self.route.clone(),
            rpc_method: particulars.rpc_method,
            status: self.status(),
            outcome: self.outcome.map(|Outcome(outcome)| outcome),
            duration_ms: milliseconds(self.started.elapsed()),
            bytes: self.bytes,
            particulars,
        }
    }
}

/// Returns the name of a method of the standard; clients may make up others.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        _ => "other",
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(conn) = &self.conn {
            conn.response_ended(Instant::now());
        }
        if self.options.access_log.is_read() {
            self.options.access_log.write(self.line());
        }
    }
}

/// A response body that belongs to an exchange and counts its bytes.
pub struct Tracked {
    body: BoxBody,
    exchange: Exchange,
}

impl Tracked {
    pub(super) fn new(body: BoxBody, exchange: Exchange) -> Self {
        Self { body, exchange }
    }
}

impl MessageBody for Tracked {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            self.exchange.bytes += chunk.len() as u64;
        }
        polled
    }
}
