//! The transport: listener, connection guard, request edge, WebSocket.
//!
//! ```text
//! TcpListener -> GuardedIo -> HTTP/1 dispatcher -> edge -> handlers
//!                    |                              |         '- ws::upgrade -> session
//!                    '------------ Conn ------------'   (phases and deadlines)
//!                                    ^
//!                                  sweep, one per worker
//! ```
//!
//! It knows deadlines, bytes and frames. It must not know methods, tokens or runs.

mod client;
mod conn;
mod edge;
mod exchange;
mod farewell;
mod guard;
mod limits;
mod path;
mod refusals;
mod reply;
mod request_body;
mod request_id;
mod server;
mod sweep;
pub mod ws;

pub use client::ClientAddress;
pub use conn::Conn;
pub use edge::{EdgeOptions, edge};
pub use exchange::Tracked;
pub use limits::{Limits, SocketLimits};
pub use reply::route_not_found;
pub use request_id::RequestId;
pub use server::{Running, Stopper, serve};
