//! How the sessions of a worker use the hub of that worker.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use actix::Recipient;
use smithers_model::RunId;
use smithers_model::redact::Place;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, StreamId};

use super::catch_up::catch_up;
use super::member::Access;
use super::state::{Hub, Parts};
use super::window::Replay;
use super::{Closed, SessionId};
use crate::outbox::{Outbox, ReadGate};
use crate::session::Hello;

/// The hub of this arbiter; clones share it. Calls act at once.
///
/// What is asked for a session that has left is ignored.
#[derive(Clone)]
pub struct Handle(Rc<RefCell<Hub>>);

/// What a hub holds, for tests and for people who look after the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// Open sockets.
    pub sessions: usize,
    /// Sockets that have connected.
    pub connected: usize,
    /// Open run streams.
    pub streams: usize,
    /// Run streams that read the store.
    pub catching_up: usize,
    /// Runs that somebody named.
    pub runs: usize,
}

impl Handle {
    pub(super) fn new(parts: Parts) -> Self {
        Self(Rc::new(RefCell::new(Hub::new(parts))))
    }

    /// Adds a socket. The deadline for its authentication runs from now on; `closed` is told
    /// when the hub closes it.
    pub fn join(&self, outbox: Outbox, gate: ReadGate, closed: Recipient<Closed>) -> SessionId {
        self.with(|hub| hub.join(outbox, gate, closed))
    }

    /// Forgets a socket and its streams; frames that are queued still leave.
    pub fn leave(&self, session: SessionId) {
        self.with(|hub| drop(hub.leave(session)));
    }

    /// Begins to keep published events for the greeting that is being made: none that is newer
    /// than its snapshot will be missing.
    pub fn hold(&self, session: SessionId) {
        self.with(|hub| {
            hub.members
                .get_mut(&session)
                .map(super::member::Member::hold)
        });
    }

    /// Gives up a greeting.
    pub fn release(&self, session: SessionId) {
        self.with(|hub| {
            hub.members
                .get_mut(&session)
                .map(|member| drop(member.release()))
        });
    }

    /// Lets a socket in, or changes as whom it is in: writes the greeting as the answer of
    /// `request`, and after it the events that are newer than the greeting's snapshot.
    ///
    /// Streams go on as long as the new identity may stream.
    /// Returns the bytes of the greeting.
    pub fn admit(&self, session: SessionId, access: Access, request: &str, hello: Hello) -> usize {
        self.with(|hub| hub.admit(session, access, request, hello))
    }

    /// Adds a run to those that a socket asked for. One that listens to every run keeps doing so.
    /// Returns whether the run was added, so that [`unfollow`](Self::unfollow) can undo it.
    pub fn follow(&self, session: SessionId, run: &RunId) -> bool {
        self.with(|hub| hub.follow(session, run))
    }

    /// Takes a run back from those that a socket asked for.
    pub fn unfollow(&self, session: SessionId, run: &RunId) {
        self.with(|hub| hub.unfollow(session, run));
    }

    /// Writes the answer of a request. An error may repeat what the client has sent; it loses its secrets here. Returns
    /// the bytes of the answer.
    pub fn answer(
        &self,
        session: SessionId,
        request: &str,
        answer: &Result<Payload, RpcError>,
    ) -> usize {
        if let Err(error) = answer {
            let redactor = smithers_redact::shared();
            let clean = |text: &str| redactor.line(Place::Message, text);
            let answer = Err(error.clone().with_texts(clean));
            return self.with(|hub| hub.answer(session, request, &answer));
        }
        self.with(|hub| hub.answer(session, request, answer))
    }

    /// Writes an event that concerns one socket alone.
    pub fn tell(&self, session: SessionId, event: &str, payload: &Payload) {
        self.with(|hub| hub.tell(session, event, payload));
    }

    /// Opens a stream. Its first frame comes after what the caller writes before it waits.
    ///
    /// # Errors
    /// `RateLimited` when a cap is reached, `ConnectionClosed` when the session has left.
    pub fn open_stream(
        &self,
        session: SessionId,
        run: &RunId,
        replay: Replay,
    ) -> Result<StreamId, RpcError> {
        let (key, id) = self.with(|hub| hub.open_stream(session, run, &replay))?;
        actix_rt::spawn(catch_up(self.clone(), key, replay.lost));
        Ok(id)
    }

    /// Returns the state version of the newest published event.
    pub fn state_version(&self) -> u64 {
        self.with(|hub| hub.state_version)
    }

    /// Returns the newest visible events of a run that a stream can replay.
    pub fn event_window(&self) -> u64 {
        self.with(|hub| hub.parts.event_window)
    }

    /// Returns the milliseconds between two ticks, as the greeting announces them.
    pub fn tick_ms(&self) -> u64 {
        let tick = self.with(|hub| hub.parts.timing.tick);
        u64::try_from(tick.as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns what the hub holds.
    pub fn status(&self) -> Status {
        self.with(|hub| Status {
            sessions: hub.members.len(),
            connected: hub
                .members
                .values()
                .filter(|member| member.access.is_some())
                .count(),
            streams: hub.streams.len(),
            catching_up: hub
                .streams
                .values()
                .filter(|stream| !stream.cursor.is_live())
                .count(),
            runs: hub.index.runs.len(),
        })
    }

    /// Runs `act` on the hub. It must not wait, nor call a handle.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Hub) -> T) -> T {
        act(&mut self.0.borrow_mut())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
