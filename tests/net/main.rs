//! The transport over real sockets on the loopback interface.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod access_log;
mod deadlines;
mod peer;
mod responses;
mod server;
mod socket_bounds;
mod sockets;
mod stop;
