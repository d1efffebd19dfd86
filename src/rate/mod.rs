//! How often somebody may do something: failed attempts to authenticate, requests, launches, decisions.
//!
//! ```text
//! address ──► attempts to authenticate ──► token ──► requests ──► launches, approvals
//! ```
//!
//! **Invariant.** An address that has used up its attempts is refused before its token is looked at, so that what it is
//! answered says nothing about the token.
//!
//! Time is monotonic here: setting the clock neither blocks nor frees anybody. All tables are bounded. What was counted
//! is forgotten with the process.

mod bucket;
mod generations;
mod limits;

pub use bucket::{Rate, TokenBucket};
pub use limits::{AddressKey, RateLimits};
