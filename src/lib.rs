//! The edge of the gateway: everything that knows HTTP, WebSocket, tokens or the command line.

pub mod config;
pub mod net;
