//! `smithers backup restore`.

use std::path::PathBuf;

use clap::Args;
use smithers_actors::clock::SystemClock;
use smithers_store::ops::{self, RestoreOptions, Restored};

use crate::cli::database;
use crate::cli::output::{Cell, Output, Paint, Table, note, warn};
use crate::cli::progress::Meter;
use crate::cli::shown::{pairs, time};

const EXAMPLES: &str = "\
Examples:
  smithers backup restore /data/backups/smithers-20260131T120000.000Z --to /data/smithers.db
  smithers backup restore /mnt/backups/smithers-20260131T120000.000Z --to /data/smithers.db --force";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RestoreArgs {
    /// Folder of the backup.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Database file to make.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Replace a database that is there. It is kept under another name.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &RestoreArgs, output: &Output) -> anyhow::Result<()> {
    let options = RestoreOptions {
        backup: args.folder.clone(),
        to: args.to.clone(),
        force: args.force,
        actor_id: Some(database::actor()),
    };
    let mut meter = Meter::default();
    let restored = ops::restore(&options, &SystemClock, &mut |progress| meter.show(progress));
    meter.clear();
    let restored = restored.map_err(database::failure)?;
    remind(&restored);
    output.print_table(&restored, || table(&restored))
}

/// Says what the database cannot know.
fn remind(restored: &Restored) {
    let as_of = time(restored.as_of_ms);
    note(&format!(
        "the token store was not touched: tokens that were revoked since {as_of} stay revoked"
    ));
    let waiting = restored.unknown_since.len();
    if waiting > 0 {
        warn(&format!(
            "{waiting} approvals waited at {as_of}; whatever was decided since is unknown and has to be decided again"
        ));
    }
}

fn table(restored: &Restored) -> Table {
    let replaced = restored.replaced.as_ref();
    let mut table = pairs([
        ("database", restored.database.display().to_string()),
        ("backup", restored.backup_id.clone()),
        ("as of", time(restored.as_of_ms)),
        (
            "newest event",
            restored.newest_event_at_ms.map(time).unwrap_or_default(),
        ),
        ("runs to resume", restored.runs_to_resume.to_string()),
        (
            "kept",
            replaced
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
        ),
    ]);
    for approval in &restored.unknown_since {
        let asked = time(approval.requested_at_ms);
        let text = format!(
            "{} {}: {} (since {asked})",
            approval.run_id, approval.node_id, approval.title
        );
        table.row([Cell::new("unknown", Paint::Yellow), Cell::from(text)]);
    }
    table
}
