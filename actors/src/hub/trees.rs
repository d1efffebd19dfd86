//! Streams of trees as their sockets know them: who may open one, what it writes, and how it ends.

use actix_rt::task::JoinHandle;
use smithers_model::RunId;
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::{Payload, StreamError, StreamId};
use smithers_protocol::limits;
use smithers_protocol::view::{TreeStreamEvent, TreeStreamFailure};

use super::SessionId;
use super::caps::StreamSlot;
use super::handle::Handle;
use super::state::{Hub, encode};
use super::stream::Lag;
use crate::outbox::PushError;

/// An open stream of trees. Its task ends with it.
#[derive(Debug)]
pub(super) struct TreeStream {
    id: StreamId,
    run: RunId,
    _slot: StreamSlot,
    task: JoinHandle<()>,
}

impl Drop for TreeStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why an event of a stream was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// Its socket is gone.
    Gone,
    /// Its socket is read too slowly.
    TooSlow,
}

impl Handle {
    /// Returns whether a socket has asked for the run, or for every run.
    pub(crate) fn names(&self, session: SessionId, run: &RunId) -> bool {
        self.with(|hub| {
            let access = hub
                .members
                .get(&session)
                .and_then(|member| member.access.as_ref());
            access.is_some_and(|access| access.subscription.includes(run))
        })
    }

    /// Takes a place in the caps for one more stream.
    ///
    /// # Errors
    /// `RateLimited` when a cap is reached, `ConnectionClosed` when the session has left.
    pub(crate) fn take_tree_slot(
        &self,
        session: SessionId,
        run: &RunId,
    ) -> Result<StreamSlot, RpcError> {
        self.with(|hub| {
            let gone = || RpcError::new(ErrorCode::ConnectionClosed, "The connection is closed");
            let member = hub.members.get(&session).ok_or_else(gone)?;
            let access = member.access.as_ref().ok_or_else(RpcError::connect_first)?;
            let open = member.streams.len() + member.trees.len();
            let owner = access.identity.stream_owner();
            hub.parts.caps.take(owner, open, run)
        })
    }

    /// Lets the task of a stream live as long as its socket.
    pub(crate) fn attach_tree(
        &self,
        session: SessionId,
        run: &RunId,
        id: &StreamId,
        slot: StreamSlot,
        task: JoinHandle<()>,
    ) {
        let stream = TreeStream {
            id: id.clone(),
            run: run.clone(),
            _slot: slot,
            task,
        };
        self.with(|hub| {
            if let Some(member) = hub.members.get_mut(&session) {
                member.trees.push(stream);
            }
        });
    }

    /// Writes an event of a stream; `lag` counts those of it that wait.
    ///
    /// # Errors
    /// The socket is gone, or read too slowly.
    pub(crate) fn offer_tree(
        &self,
        session: SessionId,
        payload: &Payload,
        lag: &mut Lag,
    ) -> Result<(), Undelivered> {
        self.with(|hub| hub.offer_tree(session, payload, lag))
    }

    /// Ends a stream with a `devtools.error`; the socket stays.
    pub(crate) fn cut_tree(&self, session: SessionId, id: &StreamId, error: StreamError) {
        self.with(|hub| hub.cut_trees(session, error, |stream| stream.id == *id));
    }
}

impl Hub {
    fn offer_tree(
        &mut self,
        id: SessionId,
        payload: &Payload,
        lag: &mut Lag,
    ) -> Result<(), Undelivered> {
        let member = self.members.get_mut(&id).ok_or(Undelivered::Gone)?;
        if lag.waiting(member.lane.left()) >= limits::STREAM_QUEUE_FRAMES {
            return Err(Undelivered::TooSlow);
        }
        let name = TreeStreamEvent::EVENT;
        let put = member
            .lane
            .put_own(&mut self.scratch, name, payload, self.state_version);
        put.map_err(|error| match error {
            PushError::Full => Undelivered::TooSlow,
            PushError::Closed => Undelivered::Gone,
        })?;
        lag.queued(member.lane.pushed());
        Ok(())
    }

    /// Ends every stream of trees of a socket.
    pub(super) fn cut_all_trees(&mut self, id: SessionId, error: StreamError) {
        self.cut_trees(id, error, |_| true);
    }

    fn cut_trees(
        &mut self,
        id: SessionId,
        error: StreamError,
        is_meant: impl Fn(&TreeStream) -> bool,
    ) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let error = RpcError::from(error);
        let mut put = Ok(());
        for stream in member.trees.extract_if(.., |stream| is_meant(stream)) {
            let payload = encode(&TreeStreamFailure {
                stream_id: stream.id.as_str(),
                run_id: stream.run.as_str(),
                error: &error,
            });
            let (name, version) = (TreeStreamFailure::EVENT, self.state_version);
            let scratch = &mut self.scratch;
            put = put.and(member.lane.put_notice(scratch, name, &payload, version));
        }
        self.close_if_full(id, put);
    }
}
