//! The simulation: random workflows on the real actors, with seeded time, faults and crashes.
//!
//! ```text
//! seed ──► Plan ──► interpreter: how each run must end ──────────────┐
//!           │                                                        ▼
//!           └──► World: lives, one after a crash of the other ──► invariants
//!                  people · readers · writer turns · faults · clock jumps
//! ```
//!
//! *Under test*, as it is shipped: run actors, registry, scheduler, the writer with its recovery, the engine, the
//! memory store, and the hub that shows events to readers. They run on one thread in paused time, so a seed gives the same history each time: reads answer on
//! the spot, and the writer's thread takes turns with that of the actors.
//!
//! *Not under test*: the module host (workflows are written in Rust), sockets, and HTTP. Every eighth seed is played on SQLite, the others on the memory store, which the differential
//! tests of the store hold against it.
//!
//! A crash drops everything but what was committed. What a plan holds, and what the world may do to it, is in
//! [`plan`].

mod baton;
pub mod below;
mod clock;
mod gate;
mod ground;
pub mod interpreter;
pub mod invariants;
pub mod kept;
mod ledger;
mod mail;
mod order;
mod panics;
mod people;
pub mod plan;
pub mod readers;
mod recoveries;
mod socket;
pub mod travel;
pub mod waits;
mod workflow;
mod world;

pub use ground::Kind;
pub use world::{Failure, Report, simulate, simulate_on};
