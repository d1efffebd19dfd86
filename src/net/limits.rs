//! The numbers of the transport: deadlines of a connection, bounds of a WebSocket.

use std::{num::NonZeroUsize, thread, time::Duration};

use smithers_actors::outbox::OutboxLimits;

/// Deadlines and sizes of the listener and of every connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Threads that serve connections; values outside 1 to 512 are brought inside.
    pub workers: usize,
    /// From the first byte of a request (or the connect) to the end of its head.
    pub head: Duration,
    /// From the first byte of a request to the end of its body, also while an ignored body
    /// is drained. A body ends when the handler has read its end; the time it takes to
    /// answer after that does not count.
    pub request: Duration,
    /// Between a response and the first byte of the next request.
    pub keep_alive: Duration,
    /// How long a write may wait for a peer that takes nothing.
    pub write_stall: Duration,
    /// After a close frame: how long the peer has to answer with its own.
    pub close_wait: Duration,
    /// After an early response to an unread body: how long the rest is discarded, so that
    /// the peer gets to read the response.
    pub linger: Duration,
    /// On a stop: how long connections may take to end by themselves.
    pub stop_grace: Duration,
    /// Period of the sweep; deadlines act up to this much late.
    pub sweep: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: thread::available_parallelism().map_or(2, NonZeroUsize::get),
            head: Duration::from_secs(30),
            request: Duration::from_secs(60),
            keep_alive: Duration::from_secs(5),
            write_stall: Duration::from_secs(30),
            close_wait: Duration::from_secs(2),
            linger: Duration::from_secs(2),
            stop_grace: Duration::from_secs(2),
            sweep: Duration::from_millis(250),
        }
    }
}

/// Bounds of one WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketLimits {
    /// Largest message in bytes, continuations joined; above it the socket closes with 1009.
    pub max_message: usize,
    /// Messages handed out and not answered at which the socket is not read further.
    pub unanswered: u32,
    /// Frames that may come at once before authentication.
    pub pre_auth_burst: u32,
    /// Frames per second that may follow the burst; above it the socket closes with 1008.
    pub pre_auth_rate: u32,
    /// Bounds of the outgoing queue.
    pub outbox: OutboxLimits,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            max_message: 1 << 20,
            unanswered: 32,
            pre_auth_burst: 100,
            pre_auth_rate: 50,
            outbox: OutboxLimits::default(),
        }
    }
}
