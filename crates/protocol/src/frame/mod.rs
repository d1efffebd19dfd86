//! Frames: requests as they come in, answers and events as they go out.
//!
//! Outgoing frames are written straight to bytes; a payload that many sockets receive is serialised once.

mod event;
mod http;
mod payload;
mod raw;
mod request;
mod response;
mod run_event;

pub use event::{Challenge, GapResync, Heartbeat, StreamError, StreamFailure, Tick, write_event};
pub use http::RpcBody;
pub use payload::Payload;
pub use raw::RawParams;
pub use request::{FrameError, RequestFrame, UNREADABLE_ID};
pub use response::{write_error, write_ok};
pub use run_event::{RunEvent, StreamId};

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
