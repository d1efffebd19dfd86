//! `smithers db status`.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use smithers_store::ops::{self, Status, Step};

use crate::cli::database::{self, DatabaseArgs};
use crate::cli::output::{Cell, Output, Paint, Table, warn};
use crate::cli::progress::Meter;
use crate::cli::shown::{bytes, pairs, time};

const EXAMPLES: &str = "\
Examples:
  smithers db status
  smithers db status --db /data/smithers.db --filter-output head,inUse";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    status: &'a Status,
    migrations: &'a [Step],
}

pub(super) fn run(args: &StatusArgs, output: &Output) -> anyhow::Result<()> {
    let path = args.database.read(BTreeMap::new())?.storage.db_path;
    let mut meter = Meter::default();
    let status = ops::status(&path, &mut |progress| meter.show(progress));
    meter.clear();
    let status = status.map_err(database::failure)?;
    let migrations = ops::plan(&path).map_err(database::failure)?;
    if let Some(objection) = &status.location_warning {
        warn(&format!("the database is in a bad place: {objection}"));
    }
    let shown = Shown {
        status: &status,
        migrations: &migrations,
    };
    output.print_table(&shown, || table(&status, &migrations))
}

fn table(status: &Status, migrations: &[Step]) -> Table {
    let pending = migrations
        .iter()
        .filter(|step| step.applied_at_ms.is_none())
        .count();
    let newest = status.newest_event_at_ms.map(time);
    let mut table = pairs([
        ("file", status.path.display().to_string()),
        ("size", bytes(status.size_bytes)),
        ("log", bytes(status.wal_bytes)),
        ("free pages", bytes(status.free_bytes)),
        ("migration", status.head.clone()),
        ("to migrate", pending.to_string()),
        ("gateway", gateway(status)),
        ("newest event", newest.unwrap_or_default()),
    ]);
    if let Some(owner) = &status.owner {
        table.row([
            Cell::new("database id", Paint::Bold),
            Cell::from(&owner.database_id),
        ]);
        table.row([
            Cell::new("epoch", Paint::Bold),
            Cell::from(owner.epoch.to_string()),
        ]);
    }
    for (name, rows) in status.tables.iter().filter(|(_, rows)| **rows > 0) {
        table.row([
            Cell::new(name, Paint::Dim),
            Cell::from(format!("{rows} rows")),
        ]);
    }
    table
}

/// Who holds the file, or held it last.
fn gateway(status: &Status) -> String {
    let Some(owner) = &status.owner else {
        return "none has run on it".to_owned();
    };
    let (pid, heartbeat) = (owner.pid, time(owner.heartbeat_at_ms));
    match status.in_use {
        true => format!("process {pid}, which last wrote {heartbeat}"),
        false => format!("none; the last one was process {pid}, which last wrote {heartbeat}"),
    }
}
