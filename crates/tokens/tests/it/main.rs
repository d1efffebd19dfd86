//! The store of grants from outside: what its files hold after each change, and what they must survive.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod audit;
mod concurrency;
mod formats;
mod handles;
mod histories;
mod issuing;
mod places;
mod revoking;
mod support;
mod tidying;
