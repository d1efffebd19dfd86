//! One request and its response: the access-log line, and the end of the serving phase.

use std::{
    error::Error as StdError,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceRequest,
    http::{Method, StatusCode},
};
use bytes::Bytes;

use super::{conn::Conn, request_id::RequestId};

/// Logged when the peer left before there was a response.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Lives from the entry of a request to the end of its response, whichever way that comes.
pub(super) struct Exchange {
    conn: Option<Rc<Conn>>,
    id: RequestId,
    method: Method,
    path: String,
    remote: Option<SocketAddr>,
    started: Instant,
    status: Option<StatusCode>,
    bytes: u64,
}

impl Exchange {
    pub(super) fn begin(req: &ServiceRequest, id: RequestId, conn: Option<Rc<Conn>>) -> Self {
        Self {
            conn,
            id,
            method: req.method().clone(),
            path: req.uri().path().to_owned(),
            remote: req.peer_addr(),
            started: Instant::now(),
            status: None,
            bytes: 0,
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Notes that a response with `status` goes to the dispatcher now.
    pub(super) fn respond(&mut self, status: StatusCode) {
        self.status = Some(status);
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
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(conn) = &self.conn {
            conn.response_ended(Instant::now());
        }
        tracing::info!(
            target: "smithers::access",
            method = %self.method,
            path = %self.path,
            status = self.status(),
            duration_ms = self.started.elapsed().as_millis() as u64,
            bytes = self.bytes,
            request.id = %self.id,
            remote = self.remote.map(tracing::field::display),
            "request served"
        );
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
