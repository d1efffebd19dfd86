//! `smithers cache`: look at results that are kept for other runs, and forget them.

mod clear;
mod stats;

use clap::{Args, Subcommand};
use smithers_model::cache::CacheFilter;

use super::output::Output;

/// What can be done with kept results.
#[derive(Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// Count what is kept, beside a running gateway or without one.
    Stats(stats::StatsArgs),
    /// Forget what is kept, beside a running gateway or without one.
    Clear(clear::ClearArgs),
}

/// Which results are meant; all without any of it.
#[derive(Debug, Args)]
pub(super) struct Meant {
    /// Those of the runs of this workflow name.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// The one of this key, or those of the task with this id.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

impl Meant {
    fn filter(&self) -> CacheFilter {
        CacheFilter {
            workflow: self.workflow.clone(),
            key: self.key.clone(),
        }
    }
}

pub(super) fn run(command: &CacheCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        CacheCommand::Stats(args) => stats::run(args, output),
        CacheCommand::Clear(args) => clear::run(args, output),
    }
}
