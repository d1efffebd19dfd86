//! `smithers backup`: make, list, verify, restore and try out backups.

mod create;
mod drill;
mod list;
mod restore;
mod verify;

use clap::Subcommand;

use super::output::Output;

/// What can be done with backups.
#[derive(Debug, Subcommand)]
pub(super) enum BackupCommand {
    /// Back up the database, beside a running gateway or without one.
    Create(create::CreateArgs),
    /// List the backups of a folder, the newest first.
    List(list::ListArgs),
    /// Verify a backup: every byte, the database, its numbers and its audit trail.
    Verify(verify::VerifyArgs),
    /// Make a database from a backup. No gateway may be running on it.
    Restore(restore::RestoreArgs),
    /// Make a backup, restore it elsewhere, and read runs through a gateway on it; the result is recorded.
    Drill(drill::DrillArgs),
}

pub(super) fn run(command: &BackupCommand, output: &Output) -> anyhow::Result<()> {
    match command {
        BackupCommand::Create(args) => create::run(args, output),
        BackupCommand::List(args) => list::run(args, output),
        BackupCommand::Verify(args) => verify::run(args, output),
        BackupCommand::Restore(args) => restore::run(args, output),
        BackupCommand::Drill(args) => drill::run(args, output),
    }
}
