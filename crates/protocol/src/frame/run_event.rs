//! Events of runs, serialised once and written to many sockets.
//!
//! A run event is sent in two shapes: plain to sockets that watch the run, and as `run.event` to its streams. Both are
//! written from one buffer; per socket only a head (the stream's id) and a tail (the socket's own number) are added:
//!
//! ```text
//! plain    {"type":"event",              | "event":E,"payload":P |                          ,"seq":| K ...}
//! streamed ...{"streamId":S,| ..."runId":R,"event":E,"payload":P,"seq":N,"stateVersion":V,"emittedAtMs":T},"seq": | K ...}
//!             head            shared                                                                 tail
//! ```

use bytes::{BufMut, Bytes, BytesMut};

use super::event::put_tail;
use super::payload::Payload;
use super::response::{put_number, put_text};

const PLAIN_HEAD: &[u8] = b"{\"type\":\"event\",";
const STREAM_HEAD: &[u8] =
    b"{\"type\":\"event\",\"event\":\"run.event\",\"payload\":{\"streamId\":\"";
const SEQ: &[u8] = b",\"seq\":";

/// Most bytes of a tail: two numbers and the fixed text.
const MAX_TAIL_BYTES: usize = 80;

/// The id of a stream.
///
/// Made by the gateway of letters, digits and dashes, so that it is written into frames as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StreamId(Box<str>);

impl StreamId {
    /// Takes an id; `None` when it holds anything but ASCII letters, digits and dashes.
    pub fn new(id: &str) -> Option<StreamId> {
        let is_plain = !id.is_empty()
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_plain.then(|| StreamId(id.into()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An event of a run, ready to be written; clones share the bytes.
#[derive(Debug, Clone)]
pub struct RunEvent {
    /// What follows the stream's id in a streamed frame, up to the socket's number.
    shared: Bytes,
    /// Where in `shared` the part of the plain frame is: `"event":E,"payload":P`.
    plain: (u32, u32),
    /// The state version when the event was broadcast.
    state_version: u64,
}

impl RunEvent {
    /// Serialises an event: its run, its name, its payload, its number in the run's stream (from 1), the gateway's state
    /// version when it was broadcast, and when it happened, in milliseconds.
    pub fn new(
        run_id: &str,
        event: &str,
        payload: &Payload,
        seq: u64,
        state_version: u64,
        emitted_at_ms: i64,
    ) -> RunEvent {
        let mut shared =
            BytesMut::with_capacity(payload.as_bytes().len() + run_id.len() + event.len() + 200);
        shared.put_slice(b"\",\"apiVersion\":\"v1\",\"type\":\"RunEvent\",\"runId\":");
        put_text(&mut shared, run_id);
        shared.put_u8(b',');
        let start = shared.len();
        shared.put_slice(b"\"event\":");
        put_text(&mut shared, event);
        shared.put_slice(b",\"payload\":");
        shared.put_slice(payload.as_bytes());
        let end = shared.len();
        shared.put_slice(SEQ);
        put_number(&mut shared, seq);
        shared.put_slice(b",\"stateVersion\":");
        put_number(&mut shared, state_version);
        shared.put_slice(b",\"emittedAtMs\":");
        // A clock before 1970 is no time that a client could use.
        put_number(&mut shared, u64::try_from(emitted_at_ms).unwrap_or(0));
        shared.put_u8(b'}');
        shared.put_slice(SEQ);
        let offset = |at: usize| u32::try_from(at).expect("a payload is far below 4 GiB");
        RunEvent {
            plain: (offset(start), offset(end)),
            shared: shared.freeze(),
            state_version,
        }
    }

    /// Returns the gateway's state version when the event was broadcast.
    pub fn state_version(&self) -> u64 {
        self.state_version
    }

    /// Returns an upper bound of the bytes that one frame of this event takes, for bounding an outbox.
    pub fn max_frame_bytes(&self, stream: Option<&StreamId>) -> usize {
        let head = STREAM_HEAD.len() + stream.map_or(0, |stream| stream.0.len());
        head + self.shared.len() + MAX_TAIL_BYTES
    }

    /// Appends the plain frame for a socket that watches the run; `seq` counts the events of the socket.
    pub fn write_plain(&self, out: &mut BytesMut, seq: u64) {
        let (start, end) = (self.plain.0 as usize, self.plain.1 as usize);
        out.reserve(PLAIN_HEAD.len() + end - start + MAX_TAIL_BYTES);
        out.put_slice(PLAIN_HEAD);
        out.put_slice(&self.shared[start..end]);
        out.put_slice(SEQ);
        put_tail(out, seq, self.state_version);
    }

    /// Appends the `run.event` frame of one stream.
    ///
    /// `seq` counts the events of the socket and `state_version` is the gateway's current one, which on replay is newer than
    /// that of the event.
    pub fn write_streamed(
        &self,
        out: &mut BytesMut,
        stream: &StreamId,
        seq: u64,
        state_version: u64,
    ) {
        out.reserve(self.max_frame_bytes(Some(stream)));
        out.put_slice(STREAM_HEAD);
        out.put_slice(stream.0.as_bytes());
        out.put_slice(&self.shared);
        put_tail(out, seq, state_version);
    }
}
