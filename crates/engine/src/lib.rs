//! The workflow state machine: facts in, steps out.
//!
//! Pure: no I/O, no clock, no randomness, no async. It knows nothing of actors, of the store or of the wire.
//!
//! ```text
//!             accept(fact, now)                 take_step()
//!   owner ───────────────────────► RunState ───────────────► Step { events, changes, commands }
//!     ▲                               │                        │
//!     │  Fact::Rendered(tree)         │ render_request()       │ committed, then carried out
//!     └───────────── session ◄────────┘                        ▼
//! ```
//!
//! The owner of a run follows one loop:
//!
//! 1. [`RunState::accept`] a fact.
//! 2. While [`RunState::render_request`] asks for a frame, render [`RunState::render_input`] and accept the outcome;
//!    where [`RunState::has_frame`], the session may say instead that the newest frame stands.
//! 3. While [`RunState::precedent_request`] asks how people decided elsewhere, read it and accept it.
//! 4. While [`RunState::worktree_request`] asks for a worktree, make it and accept what came of it.
//! 5. [`RunState::take_step`], commit it, carry out its commands, call [`RunState::continue_step`], go to 2.
//!
//! One file is one idea: `lifecycle` is the diagram of a node, `board` finds what can start, `settle` decides,
//! and every kind of fact has the file that applies it.

mod answer_schema;
mod approval;
mod aspect;
mod auto_approval;
mod bind;
mod board;
mod cache;
mod cancel;
mod cap;
mod child;
mod course;
mod decision;
pub mod effects;
mod finish;
mod fork;
mod frame;
mod guard;
mod history;
mod identity;
mod inbox;
mod lapse;
mod launch;
mod lifecycle;
mod load;
mod loops;
mod node;
mod open_step;
mod outcome;
mod output;
mod owner;
mod patches;
mod pause;
mod quarantine;
mod question;
mod quota;
mod recovery;
mod refusal;
mod render;
mod report;
mod retry;
mod retry_task;
mod revive;
mod rewind;
mod score;
mod settle;
mod signal;
mod stand;
mod standing;
mod start;
mod state;
mod succession;
mod take_up;
mod timer;
mod undo;
mod view;
mod vote;
mod wait;
mod worktree;

pub use auto_approval::PrecedentRequest;
pub use cap::CONCURRENCY_CEILING;
pub use identity::{ChangedWorkflow, WORKFLOW_MISMATCH};
pub use launch::launch;
pub use refusal::Refusal;
pub use render::RenderRequest;
pub use rewind::files_back;
pub use state::RunState;
