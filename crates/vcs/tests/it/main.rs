//! Worktrees with real git: who gets what, what a crash leaves, and what is never lost.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod keeping;
mod making;
mod releasing;
mod repository;
