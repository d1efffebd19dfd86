//! What a session sees of its peer: incoming messages, and the gate that holds them back.
//!
//! The transport fills the stream of [`Incoming`]; the session answers through the
//! [`ReadGate`]. Neither knows the other's side of the socket.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// One thing that came from the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A whole message, text or binary read as text. Counts as one unanswered request until
    /// [`ReadGate::answered`].
    Text(String),
    /// The conversation is over; nothing follows. `code` is what the peer sent, or what it
    /// was told when the transport ended it (1002, 1007, 1008, 1009), or 1005 for a close
    /// frame without code, or 1006 when the connection just ended.
    Closed {
        /// WebSocket close code.
        code: u16,
        /// Text beside the code, often empty.
        reason: String,
    },
}

/// Counts unanswered messages and stops the socket from being read when there are too many.
///
/// A cheap handle for one arbiter thread; clones share the count.
#[derive(Debug, Clone)]
pub struct ReadGate(Rc<Gate>);

#[derive(Debug)]
struct Gate {
    limit: u32,
    unanswered: Cell<u32>,
    authenticated: Cell<bool>,
    heard_at: Cell<Instant>,
    reader: RefCell<Option<Waker>>,
}

impl ReadGate {
    /// Returns an open gate that closes at `limit` unanswered messages (at least 1).
    pub fn new(limit: u32) -> Self {
        Self(Rc::new(Gate {
            limit: limit.max(1),
            unanswered: Cell::new(0),
            authenticated: Cell::new(false),
            heard_at: Cell::new(Instant::now()),
            reader: RefCell::new(None),
        }))
    }

    /// Tells that one message was answered; the session calls it once per [`Incoming::Text`].
    pub fn answered(&self) {
        let gate = &self.0;
        let was_closed = !self.is_open();
        gate.unanswered.set(gate.unanswered.get().saturating_sub(1));
        if was_closed && self.is_open() {
            let reader = gate.reader.borrow_mut().take();
            reader.into_iter().for_each(Waker::wake);
        }
    }

    /// Lifts the frame-rate limit that holds before authentication. Cannot be undone.
    pub fn authenticate(&self) {
        self.0.authenticated.set(true);
    }

    /// Returns whether [`authenticate`](Self::authenticate) was called.
    pub fn is_authenticated(&self) -> bool {
        self.0.authenticated.get()
    }

    /// Returns the number of messages handed out and not answered yet.
    pub fn unanswered(&self) -> u32 {
        self.0.unanswered.get()
    }

    /// Returns when the peer was last heard: any complete frame, pongs included.
    pub fn heard_at(&self) -> Instant {
        self.0.heard_at.get()
    }

    /// Returns whether another message may be handed out.
    pub fn is_open(&self) -> bool {
        self.0.unanswered.get() < self.0.limit
    }

    /// Counts one message as handed out (called by the transport).
    pub fn hand_out(&self) {
        self.0.unanswered.set(self.0.unanswered.get() + 1);
    }

    /// Notes a sign of life (called by the transport).
    pub fn heard(&self, now: Instant) {
        self.0.heard_at.set(now);
    }

    /// Is ready while the gate is open, else wakes the caller when it opens.
    ///
    /// The task that reads messages calls this; it has one place for a waker.
    pub fn poll_open(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_open() {
            return Poll::Ready(());
        }
        *self.0.reader.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_closes_at_its_limit_and_opens_with_an_answer() {
        let gate = ReadGate::new(2);
        let mut cx = Context::from_waker(Waker::noop());
        gate.hand_out();
        assert!(gate.poll_open(&mut cx).is_ready());
        gate.hand_out();
        assert!(gate.poll_open(&mut cx).is_pending());
        gate.answered();
        assert!(gate.poll_open(&mut cx).is_ready());
    }

    #[test]
    fn surplus_answers_do_not_widen_the_gate() {
        let gate = ReadGate::new(1);
        gate.answered();
        gate.hand_out();
        assert!(!gate.is_open());
    }
}
