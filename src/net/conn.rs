//! The state of one connection: which phase it is in, and when that phase is over.
//!
//! ```text
//!        first byte       head parsed       body read        response dropped
//!  Idle -----------> Head -----------> Body ---------> Serving ---------------> Idle
//!                     |                 |                 ^                       ^
//!                     |                 '--> Draining ----|-- body read ----------'
//!                     '---- no body ----------------------'
//!  Body or Serving -- 101 --> Upgraded -- close frame sent --> Closing
//! ```
//!
//! [`GuardedIo`](super::guard::GuardedIo) reports bytes, the edge reports requests, the
//! sweep compares with the clock. All run on the worker's thread; nothing here does I/O.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
    time::Instant,
};

use smithers_actors::outbox::Outbox;

use super::limits::Limits;

#[cfg(test)]
mod tests;

/// Bytes of an upgraded connection that may wait between the socket and the frame reader.
const UNREAD_LIMIT: usize = 32 * 1024;

/// Close code of every WebSocket at a stop («going away»).
const GOING_AWAY: u16 = 1001;

/// One connection, as handlers see it with `req.conn_data::<Rc<Conn>>()`.
#[derive(Debug)]
pub struct Conn {
    limits: Rc<Limits>,
    phase: Cell<Phase>,
    verdict: Cell<Option<Verdict>>,
    /// Bytes of the next request came while this one was being served.
    read_ahead: Cell<bool>,
    response: Cell<Response>,
    blocked_since: Cell<Option<Instant>>,
    /// Bytes read after the upgrade that the frame reader has not taken yet.
    unread: Cell<usize>,
    reads_finished: Cell<bool>,
    stopping: Cell<bool>,
    outbox: RefCell<Option<Outbox>>,
    task: RefCell<Option<Waker>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle { until: Instant },
    Head { since: Instant },
    Body { since: Instant },
    Serving,
    Draining { since: Instant },
    Upgraded,
    Closing { until: Instant },
}

/// Why the connection ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The request took too long and nothing was answered yet: 408, then close.
    RequestTimeout,
    /// Close without a word.
    Cut,
}

/// How far the response of the current request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Response {
    /// None begun; bytes that are written now come from the dispatcher itself.
    None,
    /// Its head was handed to the dispatcher.
    Begun,
    /// Its body was dropped; the last bytes may still wait for a flush.
    Ended,
}

impl Conn {
    pub(super) fn new(limits: Rc<Limits>, now: Instant) -> Rc<Self> {
        Rc::new(Self {
            phase: Cell::new(Phase::Idle {
                until: now + limits.head,
            }),
            limits,
            verdict: Cell::new(None),
            read_ahead: Cell::new(false),
            response: Cell::new(Response::None),
            blocked_since: Cell::new(None),
            unread: Cell::new(0),
            reads_finished: Cell::new(false),
            stopping: Cell::new(false),
            outbox: RefCell::new(None),
            task: RefCell::new(None),
        })
    }

    /// Returns whether the server is stopping; long responses should end soon.
    pub fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Returns whether the request ran into its deadline and was answered 408.
    pub(super) fn is_timed_out(&self) -> bool {
        self.verdict.get() == Some(Verdict::RequestTimeout)
    }

    fn wake(&self) {
        let task = self.task.borrow_mut().take();
        if let Some(task) = task {
            task.wake();
        }
    }

    fn condemn(&self, verdict: Verdict) {
        if self.verdict.get().is_none() {
            self.verdict.set(Some(verdict));
            self.wake();
        }
    }
}

/// What the guarded stream reports and asks.
impl Conn {
    /// Returns the verdict, and notes the task to wake when there will be one.
    pub(super) fn check(&self, cx: &Context<'_>) -> Option<Verdict> {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        self.verdict.get()
    }

    /// Returns whether the socket may be read: not while an upgraded peer has sent more than
    /// is being worked off. The task is woken when that changes.
    pub(super) fn may_read(&self) -> bool {
        let is_upgraded = matches!(self.phase.get(), Phase::Upgraded | Phase::Closing { .. });
        !is_upgraded || self.unread.get() < UNREAD_LIMIT
    }

    /// Returns whether the peer's bytes no longer matter: reads report the end of the stream.
    pub(super) fn reads_are_finished(&self) -> bool {
        self.reads_finished.get()
    }

    pub(super) fn bytes_read(&self, count: usize, now: Instant) {
        match self.phase.get() {
            Phase::Idle { .. } => self.phase.set(Phase::Head { since: now }),
            Phase::Serving => self.read_ahead.set(true),
            Phase::Upgraded | Phase::Closing { .. } => self.unread.set(self.unread.get() + count),
            Phase::Head { .. } | Phase::Body { .. } | Phase::Draining { .. } => {}
        }
    }

    pub(super) fn write_blocked(&self, now: Instant) {
        if self.blocked_since.get().is_none() {
            self.blocked_since.set(Some(now));
        }
    }

    pub(super) fn bytes_written(&self, now: Instant) {
        self.blocked_since.set(None);
        if let Phase::Idle { .. } = self.phase.get() {
            self.phase.set(self.idle(now));
        }
    }

    pub(super) fn flushed(&self) {
        if self.response.get() == Response::Ended {
            self.response.set(Response::None);
            self.end_if_stopping();
        }
    }

    /// Returns whether no request has been understood since the last response.
    pub(super) fn has_no_request(&self) -> bool {
        matches!(self.phase.get(), Phase::Idle { .. } | Phase::Head { .. })
    }

    /// Returns whether bytes written now are the dispatcher's own answer to a broken request.
    pub(super) fn has_no_response(&self) -> bool {
        self.response.get() == Response::None
    }
}

/// What the edge reports.
impl Conn {
    pub(super) fn request_began(&self, has_body: bool, now: Instant) {
        let since = match self.phase.get() {
            Phase::Head { since } => since,
            _ => now,
        };
        self.read_ahead.set(false);
        self.phase.set(if has_body {
            Phase::Body { since }
        } else {
            Phase::Serving
        });
    }

    pub(super) fn body_ended(&self, now: Instant) {
        match self.phase.get() {
            Phase::Body { .. } => self.phase.set(Phase::Serving),
            Phase::Draining { .. } => self.phase.set(self.idle(now)),
            _ => {}
        }
    }

    pub(super) fn response_began(&self) {
        self.response.set(Response::Begun);
    }

    pub(super) fn response_ended(&self, now: Instant) {
        if self.response.get() == Response::Begun {
            self.response.set(Response::Ended);
        }
        match self.phase.get() {
            Phase::Body { since } => self.phase.set(Phase::Draining { since }),
            Phase::Serving if self.read_ahead.take() => self.phase.set(Phase::Head { since: now }),
            Phase::Serving => self.phase.set(self.idle(now)),
            _ => {}
        }
    }

    fn idle(&self, now: Instant) -> Phase {
        Phase::Idle {
            until: now + self.limits.keep_alive,
        }
    }
}

/// What the WebSocket side reports.
impl Conn {
    pub(super) fn upgraded(&self, outbox: Outbox) {
        self.phase.set(Phase::Upgraded);
        *self.outbox.borrow_mut() = Some(outbox);
    }

    /// The frame reader took `count` bytes.
    pub(super) fn chunk_taken(&self, count: usize) {
        let unread = self.unread.get();
        self.unread.set(unread.saturating_sub(count));
        if unread >= UNREAD_LIMIT && self.unread.get() < UNREAD_LIMIT {
            self.wake();
        }
    }

    /// Bytes read after the upgrade that the frame reader has not taken yet.
    pub(super) fn unread(&self) -> usize {
        self.unread.get()
    }

    /// The close frame is on its way; the peer's own is awaited for a while.
    pub(super) fn close_sent(&self, now: Instant) {
        if self.phase.get() == Phase::Upgraded {
            self.phase.set(Phase::Closing {
                until: now + self.limits.close_wait,
            });
        }
    }

    /// Both sides have said goodbye: the connection may end at once.
    pub(super) fn finish_reads(&self) {
        self.reads_finished.set(true);
    }
}

/// What the sweep asks.
impl Conn {
    /// Condemns the connection if a deadline has passed.
    pub(super) fn sweep(&self, now: Instant) {
        if let Some(verdict) = self.overdue(now) {
            self.condemn(verdict);
        }
    }

    /// Asks the connection to end: idle ones at once, others when their response is out.
    pub(super) fn stop(&self) {
        if self.stopping.replace(true) {
            return;
        }
        if let Some(outbox) = &*self.outbox.borrow() {
            outbox.close(GOING_AWAY, "");
        }
        self.end_if_stopping();
    }

    /// Ends the connection whatever it does.
    pub(super) fn cut(&self) {
        self.condemn(Verdict::Cut);
    }

    /// Ends an idle connection whose last response has left completely.
    fn end_if_stopping(&self) {
        let is_idle = matches!(self.phase.get(), Phase::Idle { .. });
        if self.stopping.get() && is_idle && self.has_no_response() {
            self.condemn(Verdict::Cut);
        }
    }

    fn overdue(&self, now: Instant) -> Option<Verdict> {
        let limits = &self.limits;
        let blocked = self
            .blocked_since
            .get()
            .map(|since| now.saturating_duration_since(since));
        if blocked.is_some_and(|blocked| blocked >= limits.write_stall) {
            return Some(Verdict::Cut);
        }
        let cut = |late: bool| late.then_some(Verdict::Cut);
        match self.phase.get() {
            Phase::Idle { until } => cut(blocked.is_none() && now >= until),
            Phase::Head { since } => {
                (now >= since + limits.head.min(limits.request)).then_some(Verdict::RequestTimeout)
            }
            Phase::Body { since } if now >= since + limits.request => Some(self.body_verdict()),
            Phase::Draining { since } => cut(now >= since + limits.request),
            Phase::Closing { until } => cut(now >= until),
            Phase::Upgraded => cut(self.socket_is_stuck(now, blocked.is_some())),
            Phase::Body { .. } | Phase::Serving => None,
        }
    }

    fn body_verdict(&self) -> Verdict {
        if self.has_no_response() {
            Verdict::RequestTimeout
        } else {
            Verdict::Cut
        }
    }

    /// A closed outbox ends by its response body, unless the dispatcher is stuck in a write.
    fn socket_is_stuck(&self, now: Instant, is_blocked: bool) -> bool {
        let outbox = self.outbox.borrow();
        let Some(outbox) = &*outbox else {
            return false;
        };
        let waited = outbox.closing_for(now);
        outbox.is_hung_up()
            || is_blocked && waited.is_some_and(|waited| waited >= self.limits.close_wait)
    }
}
