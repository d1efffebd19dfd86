//! Under construction.

pub mod outbox;
