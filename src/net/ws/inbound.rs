//! The stream that a session listens to.

use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_http::ws::CloseReason;
use futures_core::Stream;
use smithers_actors::outbox::{Incoming, Outbox, ReadGate};

use super::reader::{Event, Fault, Reader};

/// Sent to the session for a close frame that carries no code.
const NO_STATUS: u16 = 1005;

/// Sent to the session when the connection ends without a close frame.
const ABNORMAL: u16 = 1006;

/// Messages of the peer, in order. Pings are answered and closes echoed on the way.
///
/// Holds back at [`SocketLimits::unanswered`](crate::net::SocketLimits::unanswered)
/// unanswered messages. Ends after [`Incoming::Closed`], and when the outbox was closed from
/// this side; dropping it early is harmless.
pub struct InboundFrames {
    reader: Rc<RefCell<Reader>>,
    outbox: Outbox,
    gate: ReadGate,
}

impl InboundFrames {
    pub(super) fn new(reader: Rc<RefCell<Reader>>, outbox: Outbox, gate: ReadGate) -> Self {
        Self {
            reader,
            outbox,
            gate,
        }
    }

    /// Returns the bytes that were read from the socket and not handed out yet. Bounded by
    /// one message and about 64 KiB, whatever the peer sends.
    pub fn buffered_bytes(&self) -> usize {
        self.reader.borrow().buffered_bytes()
    }

    fn closed_by(&self, reason: Option<CloseReason>) -> Incoming {
        let Some(reason) = reason else {
            self.outbox.close(None, "");
            return Incoming::Closed {
                code: NO_STATUS,
                reason: String::new(),
            };
        };
        let code = u16::from(reason.code);
        self.outbox.close(code, "");
        Incoming::Closed {
            code,
            reason: reason.description.unwrap_or_default(),
        }
    }

    fn broken_by(&self, fault: Fault) -> Incoming {
        let (code, reason) = fault.close();
        self.outbox.abort(code, reason);
        Incoming::Closed {
            code,
            reason: reason.to_owned(),
        }
    }
}

impl Stream for InboundFrames {
    type Item = Incoming;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let this = self.get_mut();
        loop {
            if !this.outbox.is_open() {
                return Poll::Ready(None);
            }
            ready!(this.gate.poll_open(cx));
            let event = ready!(this.reader.borrow_mut().poll_event(cx));
            return Poll::Ready(Some(match event {
                Ok(Event::Message(text)) => {
                    this.gate.hand_out();
                    Incoming::Text(text)
                }
                Ok(Event::Ping(payload)) => {
                    this.outbox.pong(&payload);
                    continue;
                }
                Ok(Event::Close(reason)) => this.closed_by(reason),
                Ok(Event::Eof) => {
                    this.outbox.hang_up();
                    Incoming::Closed {
                        code: ABNORMAL,
                        reason: String::new(),
                    }
                }
                Err(fault) => this.broken_by(fault),
            }));
        }
    }
}

impl fmt::Debug for InboundFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundFrames")
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}
