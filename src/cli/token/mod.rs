//! `smithers token`: issue, look at, use and end bearer tokens without seeing them.

mod audit;
mod exec;
mod issue;
mod list;
mod mint_action;
mod prune;
mod revoke;
mod rotate;
mod scopes;
mod show;
mod store;
mod time;
mod upgrade;

use clap::Subcommand;

use super::output::Output;

/// What was typed.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Issue a token and a handle for it; the bearer is stored, not printed.
    Issue(issue::IssueArgs),
    /// List the tokens of the store.
    List(list::ListArgs),
    /// Show a token with its handles.
    Show(show::ShowArgs),
    /// Revoke a token and all its handles, or one handle.
    Revoke(revoke::RevokeArgs),
    /// Run a command that gets the bearer in its environment, and nowhere else.
    Exec(exec::ExecArgs),
    /// The process that becomes the command of `exec`.
    #[command(hide = true)]
    ExecStage(exec::StageArgs),
    /// Make a further handle of a token.
    MintAction(mint_action::MintArgs),
    /// Replace a token by a new one with the same properties.
    Rotate(rotate::RotateArgs),
    /// Drop tokens that ended long ago from the store.
    Prune(prune::PruneArgs),
    /// Print the audit trail of the store, and check it.
    Audit(audit::AuditArgs),
    /// Replace bearers in plain text by their hashes.
    Upgrade(upgrade::UpgradeArgs),
}

pub(super) fn run(command: TokenCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        TokenCommand::Issue(args) => issue::run(args, output),
        TokenCommand::List(args) => list::run(&args, output),
        TokenCommand::Show(args) => show::run(&args, output),
        TokenCommand::Revoke(args) => revoke::run(args, output),
        TokenCommand::Exec(args) => exec::run(args, output),
        TokenCommand::ExecStage(args) => exec::stage(&args),
        TokenCommand::MintAction(args) => mint_action::run(args, output),
        TokenCommand::Rotate(args) => rotate::run(args, output),
        TokenCommand::Prune(args) => prune::run(&args, output),
        TokenCommand::Audit(args) => audit::run(&args, output),
        TokenCommand::Upgrade(args) => upgrade::run(&args, output),
    }
}
