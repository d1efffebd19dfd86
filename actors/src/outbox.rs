//! The outgoing side of one socket: a bounded buffer of ready WebSocket frames.
//!
//! ```text
//! session, hub --try_push_*/close--> [ BytesMut ] --poll_drain--> transport --> socket
//!        ^------------- when_low, when_gone -------------------------'
//! ```
//!
//! Frames lie in one buffer as they go over the wire, so that many leave in one write. The
//! owner is one arbiter thread (`Rc`), shared by the session and the hub of that thread.
//! It must not know HTTP: the transport adapts [`Outbox::poll_drain`] to its response body.

use std::{
    cell::RefCell,
    fmt,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};

pub mod frame;
mod gate;
#[cfg(test)]
mod tests;

use frame::Opcode;
pub use gate::{Incoming, ReadGate};

/// A buffer that once grew past this many bytes is released when it runs empty, so that a
/// burst costs memory only while it lasts.
const KEPT_BUFFER: usize = 32 * 1024;

/// Bounds of an [`Outbox`], in bytes of frames (headers included).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Events are refused when the queue would grow beyond this.
    pub events: usize,
    /// Replies are refused when the queue would grow beyond `events` plus this.
    pub reply_reserve: usize,
    /// Waiting catch-up readers are told when the queue has drained to this or less.
    pub low_water: usize,
}

impl Default for OutboxLimits {
    /// 8 MiB of events, 24 MiB more for replies, low water at 256 KiB.
    fn default() -> Self {
        Self {
            events: 8 << 20,
            reply_reserve: 24 << 20,
            low_water: 256 << 10,
        }
    }
}

/// Why a frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The queue has no room; the peer reads slower than it is written to.
    #[error("the outbox is full")]
    Full,
    /// The socket is closing or gone.
    #[error("the outbox is closed")]
    Closed,
}

/// A handle to the outgoing frames of one socket; clones share the queue.
#[derive(Clone)]
pub struct Outbox(Rc<RefCell<Queue>>);

struct Queue {
    limits: OutboxLimits,
    bytes: BytesMut,
    frames: usize,
    /// Bytes left of the frame at the front, of which a part has already been taken.
    front_left: usize,
    /// Largest length of `bytes` since the buffer was allocated.
    peak: usize,
    /// Only the latest of each is kept: a flood of pings costs one answer.
    pong: Option<Bytes>,
    ping: Option<Bytes>,
    state: State,
    closed_at: Option<Instant>,
    progress_at: Instant,
    writer: Option<Waker>,
    on_low: Vec<Box<dyn FnOnce()>>,
    on_gone: Vec<Box<dyn FnOnce()>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// A close frame is queued; the body ends when it has drained.
    Closing,
    /// Nobody is there to read a close frame; the body ends at once.
    HungUp,
    /// The transport dropped its end.
    Gone,
}

impl Outbox {
    /// Returns an open, empty outbox.
    pub fn new(limits: OutboxLimits) -> Self {
        Self(Rc::new(RefCell::new(Queue {
            limits,
            bytes: BytesMut::new(),
            frames: 0,
            front_left: 0,
            peak: 0,
            pong: None,
            ping: None,
            state: State::Open,
            closed_at: None,
            progress_at: Instant::now(),
            writer: None,
            on_low: Vec::new(),
            on_gone: Vec::new(),
        })))
    }

    /// Appends one text frame made of `parts`, within the bound for events.
    ///
    /// The parts together must be valid UTF-8; they are copied and not looked at, so a body
    /// that was serialised once can be sent to many sockets.
    ///
    /// # Errors
    /// [`PushError::Full`] beyond [`OutboxLimits::events`]; [`PushError::Closed`] after a close.
    pub fn try_push_event(&self, parts: &[&[u8]]) -> Result<(), PushError> {
        let mut queue = self.0.borrow_mut();
        let bound = queue.limits.events;
        queue.push(parts, bound)
    }

    /// Appends one text frame made of `parts`, within the larger bound for replies.
    ///
    /// # Errors
    /// [`PushError::Full`] beyond `events + reply_reserve`; [`PushError::Closed`] after a close.
    pub fn try_push_reply(&self, parts: &[&[u8]]) -> Result<(), PushError> {
        let mut queue = self.0.borrow_mut();
        let bound = queue
            .limits
            .events
            .saturating_add(queue.limits.reply_reserve);
        queue.push(parts, bound)
    }

    /// Answers a ping. Replaces an answer that has not left yet.
    pub fn pong(&self, payload: &[u8]) {
        let mut queue = self.0.borrow_mut();
        if queue.state == State::Open {
            queue.pong = Some(Bytes::copy_from_slice(payload));
            queue.wake();
        }
    }

    /// Asks the peer for a sign of life. Replaces a ping that has not left yet.
    pub fn ping(&self, payload: &[u8]) {
        let mut queue = self.0.borrow_mut();
        if queue.state == State::Open {
            queue.ping = Some(Bytes::copy_from_slice(payload));
            queue.wake();
        }
    }

    /// Appends a close frame behind everything queued and takes nothing more. The first
    /// close counts; `None` writes a close frame without code.
    pub fn close(&self, code: impl Into<Option<u16>>, reason: &str) {
        self.0.borrow_mut().close(code.into(), reason);
    }

    /// As [`close`](Self::close), but drops the frames that have not begun to leave.
    pub fn abort(&self, code: impl Into<Option<u16>>, reason: &str) {
        let mut queue = self.0.borrow_mut();
        if queue.state == State::Open {
            queue.cut();
            queue.close(code.into(), reason);
        }
    }

    /// Ends the body without a close frame: the peer is no longer there to read one.
    pub fn hang_up(&self) {
        let mut queue = self.0.borrow_mut();
        if queue.state != State::Gone {
            queue.cut();
            queue.state = State::HungUp;
            queue.wake();
        }
    }

    /// Returns whether [`hang_up`](Self::hang_up) was called, or the socket is gone.
    pub fn is_hung_up(&self) -> bool {
        matches!(self.0.borrow().state, State::HungUp | State::Gone)
    }

    /// Returns for how long a close frame has been queued or sent; `None` while open.
    pub fn closing_for(&self, now: Instant) -> Option<Duration> {
        let closed_at = self.0.borrow().closed_at?;
        Some(now.saturating_duration_since(closed_at))
    }

    /// Returns whether frames are still taken.
    pub fn is_open(&self) -> bool {
        self.0.borrow().state == State::Open
    }

    /// Returns the bytes queued and not yet taken by the transport.
    pub fn queued_bytes(&self) -> usize {
        self.0.borrow().bytes.len()
    }

    /// Returns whether no more than the low-water mark is queued.
    pub fn is_low(&self) -> bool {
        self.0.borrow().is_low()
    }

    /// Returns the frames queued, one that has partly left included.
    pub fn queued_frames(&self) -> usize {
        self.0.borrow().frames
    }

    /// Returns for how long nothing has left although something is queued; zero otherwise.
    pub fn stalled_for(&self, now: Instant) -> Duration {
        let queue = self.0.borrow();
        if queue.bytes.is_empty() {
            return Duration::ZERO;
        }
        now.saturating_duration_since(queue.progress_at)
    }

    /// Returns when bytes last left, or when the queue last ceased to be empty.
    pub fn progress_at(&self) -> Instant {
        self.0.borrow().progress_at
    }

    /// Runs `call` once when the queue has drained to the low-water mark; at once when it is
    /// there already. Never runs after the socket is gone.
    pub fn when_low(&self, call: impl FnOnce() + 'static) {
        let mut queue = self.0.borrow_mut();
        match queue.state {
            State::Gone => {}
            _ if queue.is_low() => {
                drop(queue);
                call();
            }
            _ => queue.on_low.push(Box::new(call)),
        }
    }

    /// Runs `call` once when the transport has dropped the socket; at once when it has.
    pub fn when_gone(&self, call: impl FnOnce() + 'static) {
        let mut queue = self.0.borrow_mut();
        if queue.state == State::Gone {
            drop(queue);
            call();
        } else {
            queue.on_gone.push(Box::new(call));
        }
    }

    /// Takes up to `max` bytes for the wire; `None` after a close has drained.
    ///
    /// For the one task that writes the socket: it is woken by the next push. A pong or ping
    /// goes out ahead of the queue, at the next border between frames.
    pub fn poll_drain(&self, cx: &mut Context<'_>, max: usize) -> Poll<Option<Bytes>> {
        let (chunk, calls) = {
            let mut queue = self.0.borrow_mut();
            let Some(chunk) = queue.take(max) else {
                if queue.state != State::Open {
                    return Poll::Ready(None);
                }
                queue.writer = Some(cx.waker().clone());
                return Poll::Pending;
            };
            let calls = if queue.is_low() {
                std::mem::take(&mut queue.on_low)
            } else {
                Vec::new()
            };
            (chunk, calls)
        };
        // Outside the borrow: what is called may push the next page right away.
        calls.into_iter().for_each(|call| call());
        Poll::Ready(Some(chunk))
    }

    /// Tells that the transport is done with the socket: frees the queue, runs `when_gone`.
    pub fn mark_gone(&self) {
        let calls = {
            let mut queue = self.0.borrow_mut();
            queue.state = State::Gone;
            queue.cut();
            queue.bytes = BytesMut::new();
            queue.frames = 0;
            queue.front_left = 0;
            queue.writer = None;
            queue.on_low.clear();
            std::mem::take(&mut queue.on_gone)
        };
        calls.into_iter().for_each(|call| call());
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.0.borrow();
        f.debug_struct("Outbox")
            .field("state", &queue.state)
            .field("frames", &queue.frames)
            .field("bytes", &queue.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Queue {
    fn push(&mut self, parts: &[&[u8]], bound: usize) -> Result<(), PushError> {
        if self.state != State::Open {
            return Err(PushError::Closed);
        }
        let len = parts.iter().map(|part| part.len()).sum();
        let total = frame::header_len(len) + len;
        if self.bytes.len() + total > bound {
            return Err(PushError::Full);
        }
        self.touch();
        self.bytes.reserve(total);
        frame::put_header(&mut self.bytes, Opcode::Text, len);
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.appended();
        Ok(())
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        if self.state != State::Open {
            return;
        }
        self.state = State::Closing;
        self.closed_at = Some(Instant::now());
        self.pong = None;
        self.ping = None;
        self.touch();
        frame::put_close(&mut self.bytes, code, reason);
        self.appended();
    }

    /// Starts the clock of progress when something is put into an empty queue.
    fn touch(&mut self) {
        if self.bytes.is_empty() {
            self.progress_at = Instant::now();
        }
    }

    fn appended(&mut self) {
        self.frames += 1;
        self.peak = self.peak.max(self.bytes.len());
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }

    fn is_low(&self) -> bool {
        self.bytes.len() <= self.limits.low_water
    }

    /// Drops every frame that has not begun to leave.
    fn cut(&mut self) {
        self.bytes.truncate(self.front_left);
        self.frames = usize::from(self.front_left > 0);
        self.pong = None;
        self.ping = None;
    }

    fn take(&mut self, max: usize) -> Option<Bytes> {
        if self.front_left == 0
            && let Some(control) = self.take_control()
        {
            return Some(control);
        }
        if self.bytes.is_empty() {
            return None;
        }
        // With a control frame waiting, stop at the border where it may go out.
        let wanted = if self.has_control() {
            self.front_left.min(max)
        } else {
            max
        };
        let chunk = self.bytes.split_to(wanted.min(self.bytes.len()));
        self.count_frames_in(&chunk);
        self.progress_at = Instant::now();
        if self.bytes.is_empty() && self.peak > KEPT_BUFFER {
            self.bytes = BytesMut::new();
        }
        self.peak = if self.bytes.is_empty() { 0 } else { self.peak };
        Some(chunk.freeze())
    }

    fn has_control(&self) -> bool {
        self.pong.is_some() || self.ping.is_some()
    }

    fn take_control(&mut self) -> Option<Bytes> {
        if !self.has_control() {
            return None;
        }
        let mut out = BytesMut::with_capacity(2 * (2 + frame::MAX_CONTROL_PAYLOAD));
        if let Some(payload) = self.pong.take() {
            frame::put_control(&mut out, Opcode::Pong, &payload);
        }
        if let Some(payload) = self.ping.take() {
            frame::put_control(&mut out, Opcode::Ping, &payload);
        }
        Some(out.freeze())
    }

    /// Walks the headers inside `chunk`, which may begin and end in the middle of a frame.
    fn count_frames_in(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while !rest.is_empty() {
            if self.front_left == 0 {
                self.front_left = self.next_frame_len(rest);
            }
            let step = self.front_left.min(rest.len());
            rest = &rest[step..];
            self.front_left -= step;
            self.frames -= usize::from(self.front_left == 0);
        }
    }

    /// Reads the header at `rest`; when the chunk ends inside it, the rest is still queued.
    fn next_frame_len(&self, rest: &[u8]) -> usize {
        const LONGEST_HEADER: usize = 10;
        if rest.len() >= LONGEST_HEADER {
            return frame::frame_len(rest);
        }
        let mut header = [0; LONGEST_HEADER];
        header[..rest.len()].copy_from_slice(rest);
        let queued = self.bytes.len().min(LONGEST_HEADER - rest.len());
        header[rest.len()..rest.len() + queued].copy_from_slice(&self.bytes[..queued]);
        frame::frame_len(&header)
    }
}
