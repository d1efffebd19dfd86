//! `smithers workflows`: what a gateway serves, and whether a module can be served.

mod check;
mod hint;
mod list;
mod rehearsal;

use clap::Subcommand;

use super::output::Output;

/// What was typed.
#[derive(Debug, Subcommand)]
pub(super) enum WorkflowsCommand {
    /// List the workflows of a gateway.
    List(list::ListArgs),
    /// Load a module without a gateway: print its workflows, or where it is wrong.
    Check(check::CheckArgs),
}

pub(super) fn run(command: &WorkflowsCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        WorkflowsCommand::List(args) => list::run(args, output),
        WorkflowsCommand::Check(args) => check::run(args, output),
    }
}
