//! Schedules: workflows that are launched when their time has come (gateway-protocol 14).
//!
//! ```text
//! due? ──► decide ──► launch: run, audit row and moved schedule in one step
//!              └────► leave out, or put off after a failure: moved schedule
//! ```
//!
//! The sweep has no input and is idempotent. A firing is bound to the stored time it was due for, and its run has an
//! id that follows from that time: a crash between any two steps neither loses nor doubles it.

mod decide;
mod declared;
mod keeper;
mod recurrence;
#[cfg(test)]
mod tests;

pub use declared::{DeclareError, check, declare};
pub use keeper::Keeper;
pub use recurrence::{PlanError, Recurrence};

/// Most schedules that a gateway stores.
pub const MAX_SCHEDULES: usize = 1_000;
