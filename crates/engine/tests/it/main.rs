//! The engine through its public doors: scenarios drawn as trees in and short text out, and random ones.

mod approvals;
mod cancelling;
mod ends;
mod limits;
mod owners;
mod probes;
mod properties;
mod resuming;
mod retries;
mod steps;
mod support;
