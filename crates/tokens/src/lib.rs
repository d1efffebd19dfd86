//! The store of grants: who holds which bearer, what it allows, until when, and what was revoked.
//!
//! ```text
//! gateway       load ──► text ──► GrantSet, found by fingerprint
//! command line  lock ──► document ──► change ──► atomic write ──► audit
//! ```
//!
//! The format lives here once, for the gateway that reads it and the commands that change it.
//! This crate knows neither requests nor flags, and reads no clock: the time is an argument.

mod bearer;
mod grant;
mod load;
mod text;

pub use bearer::{Fingerprint, new_bearer};
pub use grant::{Grant, GrantSet, Standing};
pub use load::{LoadError, Stamp, load};
pub use text::{Parsed, TextError, parse};
