//! `smithers backup drill`: whether a backup can be restored, found by restoring it.
//!
//! ```text
//! backup ─► restore to a folder of its own ─► read-only gateway on loopback ─► runs and events by the API
//!                                                                                  │ compared with the manifest
//! audit trail of the live database ◄───────────────────────────────────────────────┘
//! ```

mod gateway;
mod questions;
mod stage;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use serde_json::json;
use smithers_actors::clock::SystemClock;
use smithers_model::RawJson;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_store::ops::{self, Manifest, RestoreOptions};

use super::create;
use crate::cli::database::{self, DatabaseArgs};
use crate::cli::error::CliError;
use crate::cli::moment;
use crate::cli::output::{Output, Table, note, warn};
use crate::cli::progress::Meter;
use crate::cli::shown::pairs;
use gateway::DrillGateway;
use questions::Seen;
use stage::Stage;

const EXAMPLES: &str = "\
Examples:
  smithers backup drill --keep 14
  smithers backup drill --backup /mnt/backups/smithers-20260131T120000.000Z --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DrillArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Try out this backup instead of making one.
    #[arg(long, value_name = "DIR", conflicts_with = "keep")]
    backup: Option<PathBuf>,
    /// Folder that gets the backup, and for a while the restored database. [env: SMITHERS_BACKUP_DIR]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keep this many backups of the database and remove older ones.
    #[arg(long, value_name = "N")]
    keep: Option<NonZeroUsize>,
}

/// What is printed and recorded.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Drill {
    ok: bool,
    backup_id: String,
    backup: PathBuf,
    duration_ms: u64,
    #[serde(flatten)]
    seen: Option<Seen>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(super) fn run(args: &DrillArgs, output: &Output) -> anyhow::Result<()> {
    let out = args.out.as_ref().map(|out| out.display().to_string());
    let flags: BTreeMap<_, _> = out
        .into_iter()
        .map(|out| ("SMITHERS_BACKUP_DIR", out))
        .collect();
    let config = args.database.read(flags)?;
    let begun = Instant::now();
    let backup = match &args.backup {
        Some(backup) => backup.clone(),
        None => create::create(&create::options(&config, args.keep)?)?.folder,
    };
    let manifest = Manifest::read(&backup).map_err(database::failure)?;
    let seen = try_out(&backup, &manifest, &config.storage.backup_dir);
    let drill = drill(backup, &manifest, begun.elapsed(), seen);
    record(&config.storage.db_path, &drill);
    output.print_table(&drill, || table(&drill))?;
    match drill.problem {
        None => Ok(()),
        Some(problem) => Err(CliError::new("DRILL_FAILED", problem).into()),
    }
}

/// Restores the backup into a folder of its own and asks a gateway on it.
fn try_out(backup: &Path, manifest: &Manifest, out: &Path) -> anyhow::Result<Seen> {
    let stage = Stage::prepare(out)?;
    let restore = RestoreOptions {
        backup: backup.to_owned(),
        to: stage.database(),
        force: false,
        actor_id: Some(database::actor()),
    };
    let mut meter = Meter::default();
    let restored = ops::restore(&restore, &SystemClock, &mut |progress| meter.show(progress));
    meter.clear();
    restored.map_err(database::failure)?;
    let longest = ops::longest_run(&stage.database()).map_err(database::failure)?;
    let gateway = DrillGateway::start(&stage)?;
    questions::ask(gateway.client(), manifest, longest.as_ref())
}

fn drill(
    backup: PathBuf,
    manifest: &Manifest,
    took: Duration,
    seen: anyhow::Result<Seen>,
) -> Drill {
    let (seen, problem) = match seen {
        Ok(seen) => (Some(seen), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    Drill {
        ok: problem.is_none(),
        backup_id: manifest.backup_id.clone(),
        backup,
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        seen,
        problem,
    }
}

/// Leaves the result where the release check looks for it.
fn record(database: &Path, drill: &Drill) {
    let (outcome, now) = (if drill.ok { "passed" } else { "failed" }, moment::now());
    let mut detail = json!({"at": now, "ok": drill.ok, "backupId": drill.backup_id, "durationMs": drill.duration_ms});
    if let Some(seen) = &drill.seen {
        detail["runs"] = seen.runs.into();
        detail["events"] = seen.events.into();
    }
    if let Some(problem) = &drill.problem {
        detail["problem"] = problem.as_str().into();
    }
    let record = AuditRecord {
        actor_id: Some(database::actor()),
        subject: Some(drill.backup_id.clone()),
        detail: RawJson::of(&detail),
        ..AuditRecord::new(now, Channel::Cli, kind::DRILL, outcome)
    };
    match database
        .exists()
        .then(|| ops::audit::append(database, record))
    {
        Some(Ok(())) => {}
        Some(Err(error)) => warn(&format!(
            "the drill was not recorded in the audit trail: {error}"
        )),
        None => note("there is no live database, so the drill is recorded nowhere"),
    }
}

fn table(drill: &Drill) -> Table {
    let took = i64::try_from(drill.duration_ms).unwrap_or(i64::MAX);
    let seen = drill.seen.as_ref();
    let count = |of: fn(&Seen) -> u64| seen.map(|seen| of(seen).to_string()).unwrap_or_default();
    pairs([
        (
            "drill",
            if drill.ok { "passed" } else { "failed" }.to_owned(),
        ),
        ("backup", drill.backup.display().to_string()),
        ("took", moment::took(took)),
        ("runs", count(|seen| seen.runs)),
        ("events read", count(|seen| seen.events)),
    ])
}
