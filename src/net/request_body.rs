//! A request body that tells the connection when it has been read to its end.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use actix_web::{
    dev::Payload,
    error::PayloadError,
    http::header::{self, HeaderMap},
};
use bytes::Bytes;
use futures_core::Stream;

use super::conn::Conn;

/// Returns whether bytes may follow the head. Behind an upgrade they follow without a
/// length, also when a route takes the request for an ordinary one.
pub(super) fn is_announced(headers: &HeaderMap) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let has_length = length.is_some_and(|length| length.trim() != "0");
    has_length
        || headers.contains_key(header::TRANSFER_ENCODING)
        || headers.contains_key(header::UPGRADE)
}

/// Wraps `payload` so that its end is reported to `conn`.
pub(super) fn track(payload: Payload, conn: Rc<Conn>) -> Payload {
    Payload::Stream {
        payload: Box::pin(TrackedBody {
            payload,
            conn,
            ended: false,
        }),
    }
}

struct TrackedBody {
    payload: Payload,
    conn: Rc<Conn>,
    ended: bool,
}

impl Stream for TrackedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(cx);
        if let Poll::Ready(None) = polled
            && !self.ended
        {
            self.ended = true;
            self.conn.body_ended(Instant::now());
        }
        polled
    }
}

impl Drop for TrackedBody {
    /// A handler may ignore a body that has arrived in full; that is no reason for a deadline.
    fn drop(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        while !self.ended {
            match Pin::new(&mut *self).poll_next(&mut cx) {
                Poll::Ready(Some(Ok(_))) => {}
                _ => break,
            }
        }
    }
}
