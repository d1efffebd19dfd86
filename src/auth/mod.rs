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
mod expired;
mod gate;
mod gatekeeper;
mod grant;
mod headers;
mod refusal;
mod store;
mod watch;

pub use credential::{Credential, Source};
pub use demo::issue_demo_grant;
pub use gate::{Gate, GateRefusal};
pub use gatekeeper::{Gatekeeper, UpgradeRefusal};
pub use headers::RequestHeaders;
pub use refusal::Refusal;
pub use smithers_tokens::Fingerprint;
pub use store::{GrantStore, StoreState};
pub use watch::GrantWatch;

#[cfg(test)]
mod tests;
