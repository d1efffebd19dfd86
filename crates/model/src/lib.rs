//! The durable vocabulary of `smithers`: ids, time, element trees, facts, events, commands and rows.
//!
//! Everything that is *stored* or that two sibling crates must agree on lives here.
//! Nothing in this crate does I/O, reads a clock or knows the wire.

pub mod agent;
pub mod approval;
pub mod aspect;
pub mod audit;
mod body;
pub mod cache;
mod codec;
pub mod command;
pub mod continuation;
pub mod deletion;
pub mod delivery;
pub mod effect;
pub mod error;
pub mod event;
pub mod fact;
pub mod frame;
pub mod history;
pub mod id;
pub mod json;
pub mod loops;
pub mod native;
pub mod node;
pub mod output;
pub mod ownership;
pub mod party;
pub mod patch;
pub mod planted;
pub mod proof;
mod recovery;
pub mod redact;
pub mod report;
pub mod rewind;
pub mod rows;
pub mod run;
pub mod schedule;
pub mod score;
pub mod signal;
pub mod step;
pub mod time;
pub mod tree;
pub mod wait;
pub mod webhook;
pub mod workflow;
pub mod worktree;

pub use id::{Epoch, Iteration, LoopId, NodeId, NodeKey, RunId, ScheduleId, WorkflowKey};
pub use json::RawJson;
pub use time::Timestamp;
