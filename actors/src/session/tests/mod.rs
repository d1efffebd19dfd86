//! Sessions as a client sees them.

mod handshake;
mod requests;
mod streams;

use super::testkit;
