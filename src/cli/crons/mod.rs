//! `smithers crons`: schedules through a gateway, and what a pattern means.

mod create;
mod delete;
mod fire;
mod list;
mod preview;

use clap::Subcommand;

use super::output::Output;

/// What was typed.
#[derive(Debug, Subcommand)]
pub(super) enum CronsCommand {
    /// List schedules: what they launch, when next, and why a firing failed.
    List(list::ListArgs),
    /// Launch a workflow again and again, by a pattern.
    Create(create::CreateArgs),
    /// Show when a pattern would fire, also where clocks change; needs no gateway.
    Preview(preview::PreviewArgs),
    /// Remove a schedule; the runs that it has launched stay.
    Delete(delete::DeleteArgs),
    /// Launch the workflow of a schedule now.
    Run(fire::RunArgs),
}

pub(super) fn run(command: &CronsCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        CronsCommand::List(args) => list::run(args, output),
        CronsCommand::Create(args) => create::run(args, output),
        CronsCommand::Preview(args) => preview::run(args, output),
        CronsCommand::Delete(args) => delete::run(args, output),
        CronsCommand::Run(args) => fire::run(args, output),
    }
}
