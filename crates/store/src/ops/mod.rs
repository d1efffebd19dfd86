//! Work on a database file by commands of the operator: beside a running gateway, or without one.
//!
//! Nothing here takes the owner's lock or migrates. What it writes, it writes in short transactions of its own.

pub mod audit;
