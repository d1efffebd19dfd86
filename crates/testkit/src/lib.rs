//! Black-box helpers: a gateway process on a scratch folder, and small clients that speak its wire.
//!
//! Nothing here knows the inside of the gateway; everything goes through the built binary,
//! its environment, its ports and its files.
//! Used by `cargo xtask` and by the tests under `tests/`; never shipped.
//!
//! ```text
//! Scratch (folder, tokens, environment) -> Gateway (process) -> rpc / Socket (clients)
//! ```

pub mod fuzz;
pub mod gateway;
pub mod http;
pub mod rpc;
pub mod scratch;
pub mod secrets;
pub mod socket;
pub mod wait;

pub use gateway::Gateway;
pub use scratch::Scratch;
pub use socket::Socket;
