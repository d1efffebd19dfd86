//! A socket of a hub as a client sees it: frames, read as fast or as slowly as the client likes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler};
use serde_json::{Value, json};
use smithers_actors::hub::{Access, Closed, Handle, SessionId, Subscription};
use smithers_actors::outbox::{Outbox, OutboxLimits, ReadGate};
use smithers_actors::session::Hello;
use smithers_protocol::frame::Payload;
use tokio::time::sleep;

use crate::gate;

/// Room for a few frames: a reader that is slow is soon told so.
const NARROW: OutboxLimits = OutboxLimits {
    events: 12 << 10,
    reply_reserve: 4 << 10,
    low_water: 1 << 10,
};
/// Opcode of a text frame.
const TEXT: u8 = 1;

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bytes that it takes at a time.
    pub bytes: usize,
    /// Milliseconds between two of these.
    pub pause_ms: u64,
}

/// An open socket; dropping it leaves the hub.
pub(crate) struct Socket {
    hub: Handle,
    pub(crate) session: SessionId,
    outbox: Outbox,
    pace: Pace,
    wire: VecDeque<u8>,
    _ear: Addr<Ear>,
}

/// Hears that the hub has closed the socket, which its frames say as well.
struct Ear;

impl Actor for Ear {
    type Context = Context<Self>;
}

impl Handler<Closed> for Ear {
    type Result = ();

    fn handle(&mut self, _: Closed, _: &mut Self::Context) {}
}

impl Socket {
    /// Opens a socket that nobody has greeted yet; what is published from now on is kept for its greeting.
    pub(crate) fn open(hub: &Handle, pace: Pace) -> Self {
        let ear = Ear.start();
        let outbox = Outbox::new(NARROW);
        let closed = ear.clone().recipient();
        let session = hub.join(outbox.clone(), ReadGate::new(32), closed);
        hub.hold(session);
        Self {
            hub: hub.clone(),
            session,
            outbox,
            pace,
            wire: VecDeque::new(),
            _ear: ear,
        }
    }

    /// Greets it with a snapshot as of `state_version`.
    pub(crate) fn greet(&self, subscription: Subscription, state_version: u64) {
        let access = Access {
            identity: Arc::new(gate::reader()),
            subscription,
        };
        let payload = Payload::encode(&json!({})).expect("an empty object is JSON");
        let hello = Hello {
            payload,
            state_version,
        };
        self.hub.admit(self.session, access, "hello", hello);
    }

    /// Waits for the next text frame; none when the hub has closed the socket.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((opcode, payload)) = self.frame() {
                match opcode {
                    TEXT => return serde_json::from_slice(&payload).ok(),
                    _ => return None,
                }
            }
            sleep(Duration::from_millis(self.pace.pause_ms)).await;
            let chunk = poll_fn(|cx| self.outbox.poll_drain(cx, self.pace.bytes)).await?;
            self.wire.extend(chunk);
        }
    }

    /// Cuts a whole frame off what has come.
    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let wire = self.wire.make_contiguous();
        let (header, len) = match wire {
            [_, 127, rest @ ..] => (10, usize::from_be_bytes(rest.get(..8)?.try_into().ok()?)),
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            [_, len, ..] if *len < 126 => (2, usize::from(*len)),
            _ => return None,
        };
        let opcode = wire[0] & 0x0F;
        if wire.len() < header + len {
            return None;
        }
        let frame: Vec<u8> = self.wire.drain(..header + len).collect();
        Some((opcode, frame[header..].to_vec()))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.hub.leave(self.session);
        self.outbox.mark_gone();
    }
}
