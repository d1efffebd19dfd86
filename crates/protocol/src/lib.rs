//! The wire: what clients of the gateway send and receive, and nothing that is stored.
//!
//! Pure values and functions; no input or output, no clock, no actors.
//! A request comes in through [`frame`], its method is looked up in [`method`], the right to call it is decided by
//! [`scope`], its parameters are read by [`params`], and the answer is one of the [`view`]s or an [`error::RpcError`].

pub mod devtools;
pub mod error;
pub mod frame;
pub mod json;
pub mod limits;
pub mod method;
pub mod params;
pub mod scope;
pub mod view;

/// The text of the `X-Smithers-API-Version` header and of `apiVersion` in every frame.
pub const API_VERSION: &str = "v1";

/// The one protocol number that a client must be able to speak.
pub const PROTOCOL: u32 = 1;

/// The features announced in the hello payload and by `health`.
pub const FEATURES: [&str; 2] = ["streaming", "runs"];
