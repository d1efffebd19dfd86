//! Git worktrees for the tasks of runs: made, found again after a crash, and taken away when nothing is lost by that.
//!
//! Git is a process of its own, with an empty environment, no hooks, bounded output and a time limit.
//! It runs only for repositories and paths below the folders that the operator has named ([`Worktrees::new`]).

mod error;
mod git;
mod list;
mod place;
mod worktrees;

pub use error::Error;
pub use worktrees::Worktrees;
