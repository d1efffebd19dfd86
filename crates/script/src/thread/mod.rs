//! Script threads: each runs the runtimes of some modules, one piece of work at a time.
//!
//! ```text
//! workflow, session ──requests──► Worker ──► ScriptRuntime ──► QuickJS
//!        (bounded)  ──control───►   │
//!          answer ◄───oneshot───────┘        watchdog: replaces a worker that is stuck
//! ```

mod handle;
mod pulse;
mod slot;
mod watchdog;
mod worker;

pub(crate) use self::handle::{Lost, Thread, next_ticket};
pub(crate) use self::pulse::Pulse;
pub(crate) use self::slot::Slot;
pub(crate) use self::watchdog::Watchdog;
pub(crate) use self::worker::{Control, Request, WorkerOptions};
