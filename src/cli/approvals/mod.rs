//! `smithers approvals`: what waits for a person, and the decisions.

mod choice;
mod decide;
mod list;
mod offline;
mod row;
mod show;

use clap::Subcommand;

use super::output::Output;

pub(super) use row::{ApprovalRow, table};

/// What was typed.
#[derive(Debug, Subcommand)]
pub(super) enum ApprovalsCommand {
    /// List what waits for a decision, the oldest first.
    List(list::ListArgs),
    /// Show what is asked: the question, the choices, who has said what, and its digest.
    Show(show::ShowArgs),
    /// Approve: the run goes on.
    Approve(decide::DecideArgs),
    /// Deny: the run fails or goes another way, as its workflow says.
    Deny(decide::DecideArgs),
}

pub(super) fn run(command: &ApprovalsCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        ApprovalsCommand::List(args) => list::run(args, output),
        ApprovalsCommand::Show(args) => show::run(args, output),
        ApprovalsCommand::Approve(args) => decide::run(args, true, output),
        ApprovalsCommand::Deny(args) => decide::run(args, false, output),
    }
}
