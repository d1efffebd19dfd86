//! The outgoing side of one socket with its own numbers.

use bytes::BytesMut;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, write_error, write_event, write_ok};

use crate::outbox::{Outbox, PushError};

/// Bytes that the scratch buffer of a hub keeps between frames.
const SCRATCH_BYTES: usize = 64 * 1024;

/// An outbox and what was put into it. Nothing else writes text frames to that outbox.
#[derive(Debug)]
pub(super) struct Lane {
    outbox: Outbox,
    /// Number of the last event; replies have none.
    seq: u64,
    /// Frames put in so far.
    pushed: u64,
}

impl Lane {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self {
            outbox,
            seq: 0,
            pushed: 0,
        }
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Returns how many frames were put in so far; the number of the last one, counted from 1.
    pub(super) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// Returns how many frames have left; those with a higher number are still queued.
    pub(super) fn left(&self) -> u64 {
        self.pushed
            .saturating_sub(self.outbox.queued_frames() as u64)
    }

    /// Puts one event in, written by `write` with the next number of the socket.
    ///
    /// `scratch` is empty before and after; it is there so that no frame allocates.
    pub(super) fn put_event(
        &mut self,
        scratch: &mut BytesMut,
        write: impl FnOnce(&mut BytesMut, u64),
    ) -> Result<(), PushError> {
        write(scratch, self.seq + 1);
        let pushed = self.outbox.try_push_event(&[scratch]);
        reset(scratch);
        pushed?;
        self.seq += 1;
        self.pushed += 1;
        Ok(())
    }

    /// Puts an event in that concerns this socket alone.
    pub(super) fn put_own(
        &mut self,
        scratch: &mut BytesMut,
        event: &str,
        payload: &Payload,
        state_version: u64,
    ) -> Result<(), PushError> {
        self.put_event(scratch, |out, seq| {
            write_event(out, event, payload, seq, state_version)
        })
    }

    /// Puts an event in that must arrive although the bound for events is reached.
    pub(super) fn put_notice(
        &mut self,
        scratch: &mut BytesMut,
        event: &str,
        payload: &Payload,
        state_version: u64,
    ) -> Result<(), PushError> {
        write_event(scratch, event, payload, self.seq + 1, state_version);
        self.push_reserved(scratch)?;
        self.seq += 1;
        Ok(())
    }

    /// Puts the answer of a request in. Returns its bytes.
    pub(super) fn put_answer(
        &mut self,
        scratch: &mut BytesMut,
        id: &str,
        answer: &Result<Payload, RpcError>,
    ) -> Result<usize, PushError> {
        match answer {
            Ok(payload) => write_ok(scratch, id, payload),
            Err(error) => write_error(scratch, id, error),
        }
        let bytes = scratch.len();
        self.push_reserved(scratch)?;
        Ok(bytes)
    }

    fn push_reserved(&mut self, scratch: &mut BytesMut) -> Result<(), PushError> {
        let pushed = self.outbox.try_push_reply(&[scratch]);
        reset(scratch);
        pushed?;
        self.pushed += 1;
        Ok(())
    }
}

/// Empties the scratch buffer; one huge frame does not keep its memory for ever.
fn reset(scratch: &mut BytesMut) {
    if scratch.capacity() > SCRATCH_BYTES {
        *scratch = BytesMut::new();
    } else {
        scratch.clear();
    }
}
