//! The hub as a value: sockets, streams and who listens to what.
//!
//! Everything in here happens at once, on one arbiter; nothing waits.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix::Recipient;
use bytes::BytesMut;
use smithers_model::RunId;
use smithers_model::time::Clock;
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::{Payload, StreamError, StreamFailure, StreamId};
use smithers_protocol::method::resolve;

use super::batch::LiveEvent;
use super::caps::StreamCaps;
use super::index::{Index, Subscription};
use super::lane::Lane;
use super::member::{Access, Member, Streamed};
use super::pages::{Pages, RunRecords};
use super::stream::{Lag, Stream, StreamKey};
use super::timing::Timing;
use super::window::Replay;
use super::{Closed, SessionId};
use crate::outbox::{Outbox, PushError, ReadGate};
use crate::session::{Authenticator, Hello};

/// Close code of a socket that cannot keep up, and the text beside it.
pub(super) const BACKPRESSURE: (u16, &str) = (1013, "event backpressure");

/// Close code and reason of a listener that may have missed events (see `close_after_gap`).
pub(super) const MISSED: (u16, &str) = (1013, "events were missed, connect again");

/// Most runs that one socket follows by name; a socket that launches more without end is told of no more of
/// them and should listen to every run.
const MAX_FOLLOWED: usize = 10_000;

/// What a hub needs from the rest of the gateway.
#[derive(Clone)]
pub struct Parts {
    /// Periods and deadlines.
    pub timing: Timing,
    /// Newest visible events of a run that a stream can replay.
    pub event_window: u64,
    /// The open streams of all hubs.
    pub caps: StreamCaps,
    /// Stored events.
    pub pages: Rc<dyn Pages>,
    /// Records of runs, for clients that lost events.
    pub records: Rc<dyn RunRecords>,
    /// Who may be connected.
    pub authenticator: Arc<dyn Authenticator>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

pub(super) struct Hub {
    pub(super) parts: Parts,
    pub(super) members: HashMap<SessionId, Member>,
    pub(super) streams: HashMap<StreamKey, Stream>,
    pub(super) index: Index,
    /// State version of the newest published event.
    pub(super) state_version: u64,
    /// Generation of the grants that the connected identities were checked against.
    pub(super) grants: u64,
    pub(super) scratch: BytesMut,
    last_key: u64,
}

impl Hub {
    pub(super) fn new(parts: Parts) -> Self {
        let grants = parts.authenticator.generation();
        Self {
            parts,
            members: HashMap::new(),
            streams: HashMap::new(),
            index: Index::default(),
            state_version: 0,
            grants,
            scratch: BytesMut::new(),
            last_key: 0,
        }
    }

    pub(super) fn join(
        &mut self,
        outbox: Outbox,
        gate: ReadGate,
        closed: Recipient<Closed>,
    ) -> SessionId {
        let id = SessionId(self.next_key());
        let member = Member::new(id, Lane::new(outbox), gate, closed, Instant::now());
        self.members.insert(id, member);
        id
    }

    /// Forgets a socket with all it listened to.
    pub(super) fn leave(&mut self, id: SessionId) -> Option<Member> {
        let member = self.members.remove(&id)?;
        if let Some(access) = &member.access {
            self.index.unsubscribe(id, &access.subscription);
        }
        for stream in &member.streams {
            self.streams.remove(&stream.key);
            self.index.remove_stream(stream.key, &stream.run);
        }
        Some(member)
    }

    /// Gives a socket its rights and writes the greeting; what it had before is replaced.
    ///
    /// Events that were published after the greeting's snapshot follow it, except those that the socket was sent
    /// already. One that listened before goes on where it was: what the new snapshot shows is not taken from it.
    ///
    /// Returns the bytes of the greeting.
    pub(super) fn admit(
        &mut self,
        id: SessionId,
        access: Access,
        request: &str,
        hello: Hello,
    ) -> usize {
        let Some(member) = self.members.get_mut(&id) else {
            return 0;
        };
        let before = member.access.take();
        if let Some(before) = &before {
            self.index.unsubscribe(id, &before.subscription);
        } else {
            member.tick_at = Instant::now() + self.parts.timing.tick;
            member.greeted_at = hello.state_version;
        }
        self.index.subscribe(id, &access.subscription);
        let may_stream = access.identity.grants.allows(&resolve("streamRunEvents"));
        let may_look = access.identity.grants.allows(&resolve("streamDevTools"));
        member.access = Some(access);
        let held = member.release();
        if !may_stream {
            self.cut_all_streams(id, StreamError::AccessLost);
        }
        if !may_look {
            self.cut_all_trees(id, StreamError::AccessLost);
        }
        let bytes = self.answer(id, request, &Ok(hello.payload));
        let was_offered =
            |event: &LiveEvent| before.as_ref().is_some_and(|before| before.hears(event));
        for event in held.iter().flat_map(|batch| batch.events()) {
            if event.state_version() > hello.state_version && !was_offered(event) {
                self.offer_if_subscribed(id, event);
            }
        }
        bytes
    }

    fn offer_if_subscribed(&mut self, id: SessionId, event: &LiveEvent) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let access = member.access.as_ref();
        let wanted = access.is_some_and(|access| access.subscription.includes(event.run_id()));
        if wanted && member.offer(event, &mut self.scratch).is_err() {
            self.close(id, BACKPRESSURE.0, BACKPRESSURE.1);
        }
    }

    /// Adds a run to the runs that a socket asked for; one that listens to all keeps doing so.
    /// Returns whether it was added.
    pub(super) fn follow(&mut self, id: SessionId, run: &RunId) -> bool {
        let is_new = self
            .named_runs(id)
            .is_some_and(|runs| runs.len() < MAX_FOLLOWED && runs.insert(run.clone()));
        if is_new {
            self.index.follow(id, run);
        }
        is_new
    }

    /// Takes a run from the runs that a socket asked for.
    pub(super) fn unfollow(&mut self, id: SessionId, run: &RunId) {
        if self.named_runs(id).is_some_and(|runs| runs.remove(run)) {
            self.index.unfollow(id, run);
        }
    }

    /// Returns the runs that a socket asked for by name.
    fn named_runs(&mut self, id: SessionId) -> Option<&mut HashSet<RunId>> {
        let member = self.members.get_mut(&id)?;
        match &mut member.access.as_mut()?.subscription {
            Subscription::Everything => None,
            Subscription::Runs(runs) => Some(runs),
        }
    }

    /// Writes the answer of a request. Returns its bytes; none when the socket is gone or full.
    pub(super) fn answer(
        &mut self,
        id: SessionId,
        request: &str,
        answer: &Result<Payload, RpcError>,
    ) -> usize {
        let Some(member) = self.members.get_mut(&id) else {
            return 0;
        };
        let put = member.lane.put_answer(&mut self.scratch, request, answer);
        self.close_if_full(id, put.map(drop));
        put.unwrap_or(0)
    }

    /// Writes an event that concerns one socket alone.
    pub(super) fn tell(&mut self, id: SessionId, event: &str, payload: &Payload) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let put = member
            .lane
            .put_own(&mut self.scratch, event, payload, self.state_version);
        self.close_if_full(id, put);
    }

    pub(super) fn close_if_full(&mut self, id: SessionId, put: Result<(), PushError>) {
        if put == Err(PushError::Full) {
            self.close(id, BACKPRESSURE.0, BACKPRESSURE.1);
        }
    }

    /// Closes a socket at once, dropping what is queued for it.
    pub(super) fn close(&mut self, id: SessionId, code: u16, reason: &str) {
        if let Some(member) = self.leave(id) {
            tracing::debug!(code, reason, "socket closed by the hub");
            member.lane.outbox().abort(code, reason);
            member.closed.do_send(Closed);
        }
    }

    /// Drops a socket whose peer cannot read a close frame any more, or must not be answered.
    pub(super) fn hang_up(&mut self, id: SessionId, why: &str) {
        if let Some(member) = self.leave(id) {
            tracing::debug!(why, "socket dropped by the hub");
            member.lane.outbox().hang_up();
            member.closed.do_send(Closed);
        }
    }

    /// Opens a stream that has to catch up first.
    pub(super) fn open_stream(
        &mut self,
        id: SessionId,
        run: &RunId,
        replay: &Replay,
    ) -> Result<(StreamKey, StreamId), RpcError> {
        let gone = || RpcError::new(ErrorCode::ConnectionClosed, "The connection is closed");
        let member = self.members.get(&id).ok_or_else(gone)?;
        let access = member.access.as_ref().ok_or_else(RpcError::connect_first)?;
        let owner = access.identity.stream_owner();
        let slot = self.parts.caps.take(owner, member.streams.len(), run)?;
        let key = StreamKey(self.next_key());
        let stream_id = new_stream_id();
        let stream = Stream {
            id: stream_id.clone(),
            run: run.clone(),
            session: id,
            cursor: super::cursor::Cursor::after(replay.after),
            lag: Lag::default(),
            heartbeat_at: Instant::now() + self.parts.timing.stream_heartbeat,
            _slot: slot,
        };
        self.streams.insert(key, stream);
        self.index.add_stream(key, run);
        if let Some(member) = self.members.get_mut(&id) {
            member.streams.push(Streamed {
                key,
                run: run.clone(),
                after: replay.after,
            });
        }
        Ok((key, stream_id))
    }

    /// Ends a stream with a `run.error`; the socket stays.
    pub(super) fn cut_stream(&mut self, key: StreamKey, error: StreamError) {
        let Some(stream) = self.streams.remove(&key) else {
            return;
        };
        self.index.remove_stream(key, &stream.run);
        let Some(member) = self.members.get_mut(&stream.session) else {
            return;
        };
        member.streams.retain(|stream| stream.key != key);
        tracing::info!(run.id = %stream.run, ?error, "stream dropped");
        let error = RpcError::from(error);
        let failure = StreamFailure {
            stream_id: stream.id.as_str(),
            run_id: stream.run.as_str(),
            error: &error,
        };
        let payload = encode(&failure);
        let version = self.state_version;
        let name = StreamFailure::EVENT;
        let put = member
            .lane
            .put_notice(&mut self.scratch, name, &payload, version);
        self.close_if_full(stream.session, put);
    }

    fn cut_all_streams(&mut self, id: SessionId, error: StreamError) {
        let streams = self.members.get(&id).map(|member| &member.streams);
        let keys: Vec<_> = streams
            .into_iter()
            .flatten()
            .map(|stream| stream.key)
            .collect();
        keys.into_iter().for_each(|key| self.cut_stream(key, error));
    }

    fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }
}

/// Serialises one of the payloads of the protocol.
pub(super) fn encode<T: serde::Serialize>(payload: &T) -> Payload {
    Payload::encode(payload).expect("the payloads of the protocol have text keys")
}

/// A name that no other stream has.
pub(crate) fn new_stream_id() -> StreamId {
    StreamId::new(&uuid::Uuid::new_v4().to_string())
        .expect("a UUID is made of letters, digits and dashes")
}
