//! Git worktrees for the tasks of runs: made, found again after a crash, and taken away when nothing is lost by that.
//! Their files are kept as they are after each attempt, compared, and brought back.
//!
//! Git is a process of its own, with an empty environment, no hooks, bounded output and a time limit.
//! It runs only for repositories and paths below the folders that the operator has named ([`Worktrees::new`]).

mod diff;
mod error;
mod git;
mod keep;
mod list;
mod place;
mod restore;
mod worktrees;

pub use diff::{Changes, MOST_BYTES, Operation, Patch};
pub use error::Error;
pub use worktrees::Worktrees;
