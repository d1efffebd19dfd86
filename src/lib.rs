//! The edge of the gateway: everything that knows HTTP, WebSocket, tokens or the command line.

pub mod auth;
pub mod config;
pub mod net;
