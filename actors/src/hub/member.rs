//! One socket of the hub.

use std::sync::Arc;
use std::time::Instant;

use actix::Recipient;
use bytes::BytesMut;
use smithers_model::RunId;
use smithers_model::planted::{Bug, planted};
use smithers_protocol::frame::StreamError;
use smithers_protocol::limits;
use smithers_protocol::scope::Scope;

use super::batch::{Batch, LiveEvent};
use super::index::Subscription;
use super::lane::Lane;
use super::stream::{Stream, StreamKey};
use super::trees::TreeStream;
use super::{Closed, SessionId};
use crate::outbox::{PushError, ReadGate};
use crate::session::Identity;

/// Batches that may wait until the hello of their socket is written.
const HELD_BATCHES: usize = 1_000;

/// As whom a socket is connected and what it asked for.
#[derive(Clone, Debug)]
pub struct Access {
    /// As whom.
    pub identity: Arc<Identity>,
    /// Which runs.
    pub subscription: Subscription,
}

impl Access {
    /// Returns whether an event is asked for and may be seen.
    pub(super) fn hears(&self, event: &LiveEvent) -> bool {
        self.subscription.includes(event.run_id()) && self.sees(event)
    }

    fn sees(&self, event: &LiveEvent) -> bool {
        let holds = |scope| self.identity.grants.holds(scope);
        holds(Scope::RunRead) || (event.concerns_approval() && holds(Scope::ApprovalRead))
    }
}

/// What a stream of a socket carries.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) key: StreamKey,
    pub(super) run: RunId,
    /// Number of the newest event before those that it carries.
    pub(super) after: u64,
}

impl Streamed {
    fn carries(&self, event: &LiveEvent) -> bool {
        self.run == *event.run_id() && event.stream_seq() > self.after
    }
}

/// What the hub keeps of a socket.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: SessionId,
    pub(super) lane: Lane,
    pub(super) gate: ReadGate,
    /// Told when the hub closes the socket.
    pub(super) closed: Recipient<Closed>,
    /// None until the client has connected.
    pub(super) access: Option<Access>,
    /// State version of the newest event that its first greeting's snapshot shows.
    pub(super) greeted_at: u64,
    /// Hellos that are being made.
    hellos: usize,
    /// Events since the oldest of their snapshots.
    held: Vec<Arc<Batch>>,
    pub(super) streams: Vec<Streamed>,
    /// Open streams of trees.
    pub(super) trees: Vec<TreeStream>,
    pub(super) joined_at: Instant,
    pub(super) tick_at: Instant,
    pub(super) pinged_at: Instant,
}

/// A socket cannot keep up with what it listens to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Member {
    pub(super) fn new(
        id: SessionId,
        lane: Lane,
        gate: ReadGate,
        closed: Recipient<Closed>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            lane,
            gate,
            closed,
            access: None,
            greeted_at: 0,
            hellos: 0,
            held: Vec::new(),
            streams: Vec::new(),
            trees: Vec::new(),
            joined_at: now,
            tick_at: now,
            pinged_at: now,
        }
    }

    /// Sends a published event plain, unless this socket does not see it or its streams carry it.
    pub(super) fn offer(
        &mut self,
        event: &LiveEvent,
        scratch: &mut BytesMut,
    ) -> Result<(), TooSlow> {
        let is_new = event.state_version() > self.greeted_at || planted(Bug::GreetedTwice);
        let access = self.access.as_ref();
        let sees = is_new && access.is_some_and(|access| access.sees(event));
        if !sees || self.streams.iter().any(|stream| stream.carries(event)) {
            return Ok(());
        }
        let Some(wire) = event.wire() else {
            return Ok(());
        };
        match self
            .lane
            .put_event(scratch, |out, seq| wire.write_plain(out, seq))
        {
            Err(PushError::Full) => Err(TooSlow),
            Ok(()) | Err(PushError::Closed) => Ok(()),
        }
    }

    /// Sends a published event to one of this socket's streams, whose next event it is.
    pub(super) fn offer_live(
        &mut self,
        stream: &mut Stream,
        event: &LiveEvent,
        scratch: &mut BytesMut,
    ) -> Result<(), StreamError> {
        if stream.lag.waiting(self.lane.left()) >= limits::STREAM_QUEUE_FRAMES {
            return Err(StreamError::TooSlow);
        }
        let wire = event.wire().ok_or(StreamError::Internal)?;
        let version = event.state_version();
        let write = |out: &mut BytesMut, seq| wire.write_streamed(out, &stream.id, seq, version);
        match self.lane.put_event(scratch, write) {
            Err(PushError::Full) => return Err(StreamError::TooSlow),
            Ok(()) | Err(PushError::Closed) => {}
        }
        stream.cursor.sent(event.stream_seq());
        stream.lag.queued(self.lane.pushed());
        Ok(())
    }

    /// Begins to keep published events for a hello that is being made.
    pub(super) fn hold(&mut self) {
        self.hellos += 1;
    }

    /// Returns the events kept for a hello; they are kept on while another one is being made.
    pub(super) fn release(&mut self) -> Vec<Arc<Batch>> {
        self.hellos = self.hellos.saturating_sub(1);
        match self.hellos {
            0 => std::mem::take(&mut self.held),
            _ => self.held.clone(),
        }
    }

    /// Keeps the events of a batch while a hello is being made.
    pub(super) fn keep(&mut self, batch: &Arc<Batch>) -> Result<(), TooSlow> {
        if self.hellos == 0 {
            return Ok(());
        }
        self.held.push(batch.clone());
        if self.held.len() > HELD_BATCHES {
            Err(TooSlow)
        } else {
            Ok(())
        }
    }
}
