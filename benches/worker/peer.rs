//! A client at the other end of an outbox: it drains what is queued and counts the frames.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use serde_json::{Value, json};
use smithers_actors::outbox::{Incoming, Outbox, ReadGate};
use tokio::sync::mpsc;

/// Bytes that a socket takes at a time.
const WRITE_BYTES: usize = 32 * 1024;

/// The client.
pub(crate) struct Peer {
    outbox: Outbox,
    to: mpsc::UnboundedSender<Incoming>,
    chunk: Bytes,
    /// Bytes of a frame whose rest is in the next chunk.
    rest: Vec<u8>,
}

impl Peer {
    /// Makes the client, and what its session reads.
    pub(crate) fn new(
        outbox: Outbox,
        gate: ReadGate,
    ) -> (Self, impl Stream<Item = Incoming> + 'static) {
        let (to, from) = mpsc::unbounded_channel();
        let peer = Self {
            outbox,
            to,
            chunk: Bytes::new(),
            rest: Vec::new(),
        };
        (peer, Inbox { from, gate })
    }

    /// Sends a request and waits for its answer; what comes before is dropped.
    pub(crate) async fn call(&mut self, method: &str, params: &Value) {
        let request = json!({"type": "req", "id": method, "method": method, "params": params});
        let sent = self.to.send(Incoming::Text(request.to_string()));
        sent.expect("the session listens");
        loop {
            let frame = self.next().await;
            let answer: Value = serde_json::from_slice(&frame).expect("frames are JSON");
            if answer["id"] == method {
                assert_eq!(answer["ok"], true, "{answer}");
                return;
            }
        }
    }

    /// Takes `frames` frames.
    pub(crate) async fn take(&mut self, frames: usize) {
        for _ in 0..frames {
            self.next().await;
        }
    }

    /// Returns the next frame.
    async fn next(&mut self) -> Bytes {
        loop {
            if let Some(frame) = self.split() {
                return frame;
            }
            let more = poll_fn(|cx| self.outbox.poll_drain(cx, WRITE_BYTES)).await;
            self.join(more.expect("the session is open"));
        }
    }

    fn join(&mut self, more: Bytes) {
        self.rest.extend_from_slice(&self.chunk);
        if self.rest.is_empty() {
            self.chunk = more;
            return;
        }
        self.rest.extend_from_slice(&more);
        self.chunk = Bytes::from(std::mem::take(&mut self.rest));
    }

    /// Splits a whole frame off the chunk; a server's frames are not masked.
    fn split(&mut self) -> Option<Bytes> {
        let (head, length) = match self.chunk.as_ref() {
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            [_, length @ 0..126, ..] => (2, usize::from(*length)),
            _ => return None,
        };
        if self.chunk.len() < head + length {
            return None;
        }
        Some(self.chunk.split_to(head + length).slice(head..))
    }
}

/// The messages of a client, held back by the gate as a transport does it.
struct Inbox {
    from: mpsc::UnboundedReceiver<Incoming>,
    gate: ReadGate,
}

impl Stream for Inbox {
    type Item = Incoming;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        std::task::ready!(self.gate.poll_open(cx));
        let incoming = std::task::ready!(self.from.poll_recv(cx));
        if matches!(incoming, Some(Incoming::Text(_))) {
            self.gate.hand_out();
        }
        Poll::Ready(incoming)
    }
}
