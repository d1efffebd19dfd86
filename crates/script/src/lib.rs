//! The module host: loads workflow modules written in TypeScript and JSX and runs them in QuickJS.
//!
//! A module goes through `graph` (files read, bounded, transformed), is evaluated in a `runtime` on
//! a script `thread`, and comes out as [`Workflow`](smithers_model::workflow::Workflow)s. This crate
//! knows nothing of stores, sockets or the engine's decisions, and reads the environment only
//! through [`HostOptions::env`].

mod error;
mod graph;
mod ground;
mod host;
mod options;
mod runtime;
mod session;
mod thread;
mod workflow;

pub use error::{LoadError, Place};
pub use graph::place_of;
pub use host::{LoadedModule, ScriptHost};
pub use options::{HostOptions, Isolation, Limits};
