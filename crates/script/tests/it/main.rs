//! The module host from outside: modules on disk, driven through the `Workflow` trait.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]
#![expect(
    clippy::result_large_err,
    reason = "errors of the model are passed on as they are"
)]

mod agent_answers;
mod agent_chains;
mod agent_reports;
mod agents;
mod auto_approve;
mod caching;
mod composites;
mod context;
mod driver;
mod effects;
mod examples;
mod heartbeats;
mod hostile;
mod humans;
mod limits;
mod loops;
mod modules;
mod output;
mod ownership;
mod packages;
mod patches;
mod platform;
mod probes;
mod prompts;
mod proofs;
mod recoveries;
mod reuse;
mod rules;
mod scorers;
mod scoring;
mod shapes;
mod standing;
mod subflows;
mod timers;
mod worktrees;
mod zod;
