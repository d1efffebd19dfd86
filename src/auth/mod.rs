//! Who a caller is: bearers in requests, grants in the store, and the gates in front of both.
//!
//! ```text
//! headers -> gates (Host, Origin, cookie) -> credential -> SHA-256 -> grant -> identity
//!                                                             ^
//!                            token store file -- watcher -- GrantStore
//! ```
//!
//! Bearers are hashed as soon as they are read; the store never holds one. What an identity may call is decided in
//! `smithers_actors::session::authorise`.

mod credential;
mod demo;
mod gate;
mod gatekeeper;
mod grant;
mod headers;
mod store;
mod watch;

pub use credential::{Credential, Source};
pub use demo::issue_demo_grant;
pub use gate::{Gate, GateRefusal};
pub use gatekeeper::Gatekeeper;
pub use headers::RequestHeaders;
pub use smithers_tokens::Fingerprint;
pub use store::GrantStore;
pub use watch::GrantWatch;

#[cfg(test)]
mod tests;
