//! From the bytes of an upgraded request to messages, with every bound checked on the way.
//!
//! The next chunk of the payload is taken only when no complete frame is left in the buffer,
//! and a frame is refused by its header, so the buffer never exceeds one message and a chunk.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Instant,
};

use actix_codec::Decoder;
use actix_http::ws::{CloseReason, Codec, Frame, Item};
use actix_web::dev::Payload;
use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use smithers_actors::outbox::ReadGate;

use super::header::Header;
use crate::net::{conn::Conn, limits::SocketLimits};
use crate::rate::{Rate, TokenBucket};

#[cfg(test)]
mod tests;

/// A rule that the peer broke; the socket closes with its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// 1002: the bytes are no legal frames.
    Protocol,
    /// 1007: a message is not UTF-8.
    NotText,
    /// 1008: too many frames before authentication.
    RateLimit,
    /// 1009: a message is longer than allowed.
    TooBig,
}

impl Fault {
    pub(super) fn close(self) -> (u16, &'static str) {
        match self {
            Self::Protocol => (1002, "protocol error"),
            Self::NotText => (1007, "invalid UTF-8"),
            Self::RateLimit => (1008, "rate limit"),
            Self::TooBig => (1009, ""),
        }
    }
}

/// What the reader found.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    Message(String),
    Ping(Bytes),
    Close(Option<CloseReason>),
    /// The connection ended without a close frame.
    Eof,
}

/// The reading side of one socket.
pub(super) struct Reader {
    payload: Payload,
    conn: Option<Rc<Conn>>,
    gate: ReadGate,
    codec: Codec,
    max_message: usize,
    bucket: TokenBucket,
    buffer: BytesMut,
    /// Parts of a message whose last part has not come.
    joined: BytesMut,
    /// Payload bytes to discard before the next header, after the end of interest.
    to_skip: u64,
    ended: bool,
    /// The session's task, while it waits for an event.
    listener: Option<Waker>,
}

impl Reader {
    pub(super) fn new(
        payload: Payload,
        conn: Option<Rc<Conn>>,
        gate: ReadGate,
        limits: SocketLimits,
    ) -> Self {
        let SocketLimits {
            max_message,
            pre_auth_burst,
            pre_auth_rate,
            ..
        } = limits;
        let rate = Rate {
            burst: pre_auth_burst,
            per_second: f64::from(pre_auth_rate),
        };
        Self {
            payload,
            conn,
            gate,
            codec: Codec::new().max_size(max_message),
            max_message,
            bucket: TokenBucket::new(rate, Instant::now()),
            buffer: BytesMut::new(),
            joined: BytesMut::new(),
            to_skip: 0,
            ended: false,
            listener: None,
        }
    }

    /// Returns the bytes that were read from the socket and not handed out.
    pub(super) fn buffered_bytes(&self) -> usize {
        let unread = self.conn.as_ref().map_or(0, |conn| conn.unread());
        unread + self.buffer.len() + self.joined.len()
    }

    /// Returns the next event, or the rule that was broken. Not to be asked after the end.
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Fault>> {
        self.listener = None;
        let polled = self.poll_frames(cx);
        if polled.is_pending() {
            self.listener = Some(cx.waker().clone());
        }
        polled
    }

    /// Wakes the session, which finds its outbox closed.
    pub(super) fn dismiss(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.wake();
        }
    }

    fn poll_frames(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Fault>> {
        loop {
            match self.next_frame() {
                Ok(Some(frame)) => match self.accept(frame) {
                    Ok(Some(event)) => {
                        self.ended = matches!(event, Event::Close(_));
                        return Poll::Ready(Ok(event));
                    }
                    Ok(None) => {}
                    Err(fault) => return Poll::Ready(Err(fault)),
                },
                Ok(None) => {
                    if !ready!(self.poll_chunk(cx)) {
                        return Poll::Ready(Ok(Event::Eof));
                    }
                }
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Discards what comes, without buffering it, until the peer's close frame or the end.
    pub(super) fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.dismiss();
        self.joined = BytesMut::new();
        while !self.ended {
            self.skip_frames();
            if !self.ended {
                ready!(self.poll_chunk(cx));
            }
        }
        self.buffer = BytesMut::new();
        Poll::Ready(())
    }

    /// Decodes the frame at the front of the buffer if it is complete.
    fn next_frame(&mut self) -> Result<Option<Frame>, Fault> {
        let Some(header) = Header::peek(&self.buffer)? else {
            return Ok(None);
        };
        let room = self.max_message - self.joined.len();
        if !header.is_control() && header.payload > room as u64 {
            return Err(Fault::TooBig);
        }
        if !header.is_complete_in(&self.buffer) {
            return Ok(None);
        }
        let now = Instant::now();
        if !self.gate.is_authenticated() && self.bucket.take(now).is_err() {
            return Err(Fault::RateLimit);
        }
        self.gate.heard(now);
        self.codec
            .decode(&mut self.buffer)
            .map_err(|_| Fault::Protocol)
    }

    fn accept(&mut self, frame: Frame) -> Result<Option<Event>, Fault> {
        match frame {
            Frame::Text(bytes) | Frame::Binary(bytes) => text(bytes.into()).map(Some),
            Frame::Continuation(Item::Last(bytes)) => {
                self.joined.extend_from_slice(&bytes);
                text(std::mem::take(&mut self.joined).into()).map(Some)
            }
            Frame::Continuation(
                Item::FirstText(bytes) | Item::FirstBinary(bytes) | Item::Continue(bytes),
            ) => {
                self.joined.extend_from_slice(&bytes);
                Ok(None)
            }
            Frame::Ping(payload) => Ok(Some(Event::Ping(payload))),
            Frame::Pong(_) => Ok(None),
            Frame::Close(reason) => Ok(Some(Event::Close(reason))),
        }
    }

    fn skip_frames(&mut self) {
        loop {
            let skipped = self.to_skip.min(self.buffer.len() as u64);
            self.buffer.advance(skipped as usize);
            self.to_skip -= skipped;
            if self.to_skip > 0 {
                return;
            }
            match Header::peek(&self.buffer) {
                Ok(Some(header)) if header.is_close() => return self.ended = true,
                Ok(Some(header)) => {
                    self.to_skip = header.payload.saturating_add(header.len as u64);
                }
                Ok(None) => return,
                // The frame borders are lost, so the goodbye would not be recognised.
                Err(_) => return self.ended = true,
            }
        }
    }

    /// Appends the next chunk of the payload; ready with false at the end of the connection.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.buffer.is_empty() {
            // A quiet socket keeps no memory.
            self.buffer = BytesMut::new();
        }
        let Some(Ok(chunk)) = ready!(Pin::new(&mut self.payload).poll_next(cx)) else {
            self.ended = true;
            return Poll::Ready(false);
        };
        if let Some(conn) = &self.conn {
            conn.chunk_taken(chunk.len());
        }
        if self.buffer.is_empty() {
            self.buffer = BytesMut::from(chunk);
        } else {
            self.buffer.extend_from_slice(&chunk);
        }
        Poll::Ready(true)
    }
}

fn text(bytes: Vec<u8>) -> Result<Event, Fault> {
    String::from_utf8(bytes)
        .map(Event::Message)
        .map_err(|_| Fault::NotText)
}
