//! The store of grants: who holds which bearer, what it allows, until when, and what was revoked.
//!
//! ```text
//! gateway       load ──► text ──► GrantSet, found by fingerprint
//! command line  lock ──► document ──► change ──► replace ──► audit
//! ```
//!
//! The format lives here once, for the gateway that reads it and the commands that change it.
//! This crate knows neither requests nor flags, and reads no clock: the time is an argument.

mod action;
mod audit;
mod bearer;
mod document;
mod entry;
mod error;
mod grant;
mod handle;
mod ledger;
mod load;
mod lock;
mod ops;
mod place;
mod replace;
mod secrets;
mod strict;
mod text;
mod ttl;

pub use action::Denial;
pub use audit::{Origin, Record, Trail, read as read_audit};
pub use bearer::{Fingerprint, new_bearer};
pub use error::Error;
pub use grant::{Grant, GrantSet, Standing};
pub use ledger::Ledger;
pub use load::{LoadError, Stamp, load};
pub use ops::{
    Authorised, GrantInfo, HandleInfo, Issue, Issued, Mint, NewGrant, NewHandle, Pruned,
    Revocation, Revoked, Rotate, Rotated, StoreFormat, Target, Upgraded, Use,
};
pub use text::{Parsed, TextError, parse};
pub use ttl::{MAX_SENSITIVE_TTL, MAX_TTL, TtlError, check_ttl, duration_text, parse_duration};
