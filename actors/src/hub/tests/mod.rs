//! The hub with real sessions, outboxes and a memory store.

mod broadcast;
mod bus;
mod histories;
mod joining;
mod readers;
mod time;

use crate::session::testkit;
