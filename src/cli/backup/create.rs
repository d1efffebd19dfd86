//! `smithers backup create`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;
use smithers_actors::clock::SystemClock;
use smithers_model::audit::{AuditRecord, Channel, kind};
use smithers_model::{RawJson, Timestamp};
use smithers_store::ops::{self, Attachment, BackupOptions, CreatedBackup, Manifest, Method};
use smithers_tokens::{Ledger, Origin};

use crate::cli::database::{self, DatabaseArgs};
use crate::cli::error::CliError;
use crate::cli::moment;
use crate::cli::output::{Output, Table, warn};
use crate::cli::progress::Meter;
use crate::cli::shown::{bytes, pairs, time};
use crate::config::Config;

const EXAMPLES: &str = "\
Examples:
  smithers backup create
  smithers backup create --out /mnt/backups --keep 14
  smithers backup create --method vacuum --db-only --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CreateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Folder that gets the backup. [env: SMITHERS_BACKUP_DIR]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the copy is made.
    #[arg(long, value_enum, value_name = "METHOD", default_value = "online")]
    method: MethodArg,
    /// Keep this many backups of the database and remove older ones.
    #[arg(long, value_name = "N")]
    keep: Option<NonZeroUsize>,
    /// Leave out everything but the database.
    #[arg(long)]
    db_only: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodArg {
    /// Page by page, as fast as the disk.
    Online,
    /// Row by row, without the free pages of the database.
    Vacuum,
}

impl From<MethodArg> for Method {
    fn from(method: MethodArg) -> Self {
        match method {
            MethodArg::Online => Self::Online,
            MethodArg::Vacuum => Self::Vacuum,
        }
    }
}

/// What is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Created<'a> {
    folder: String,
    removed: Vec<String>,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

pub(super) fn run(args: &CreateArgs, output: &Output) -> anyhow::Result<()> {
    let config = args.database.read(flags(args))?;
    let mut wanted = match args.db_only {
        true => bare_options(&config, args.keep),
        false => options(&config, args.keep)?,
    };
    wanted.method = args.method.into();
    let created = create(&wanted)?;
    let shown = Created {
        folder: created.folder.display().to_string(),
        removed: created
            .removed
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        manifest: &created.manifest,
    };
    output.print_table(&shown, || table(&created))
}

fn flags(args: &CreateArgs) -> BTreeMap<&'static str, String> {
    let out = args.out.as_ref().map(|out| out.display().to_string());
    out.into_iter()
        .map(|out| ("SMITHERS_BACKUP_DIR", out))
        .collect()
}

/// What a backup of the configured database holds unless something else was asked for.
pub(super) fn options(
    config: &Config,
    keep: Option<NonZeroUsize>,
) -> anyhow::Result<BackupOptions> {
    Ok(BackupOptions {
        attachments: token_store(&config.access.token_store)?
            .into_iter()
            .collect(),
        with_module: true,
        ..bare_options(config, keep)
    })
}

/// The database and nothing else.
fn bare_options(config: &Config, keep: Option<NonZeroUsize>) -> BackupOptions {
    BackupOptions {
        database: config.storage.db_path.clone(),
        out: config.storage.backup_dir.clone(),
        method: Method::default(),
        keep,
        with_module: false,
        attachments: Vec::new(),
        product_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Returns the token store with hashes in place of its secrets; `None` when there is none.
fn token_store(path: &Path) -> Result<Option<Attachment>, CliError> {
    if !path.exists() {
        return Ok(None);
    }
    let ledger = Ledger::open(path, Origin::of_process(env!("CARGO_PKG_VERSION")));
    let text = ledger.and_then(|ledger| ledger.hashed_text());
    let text = text.map_err(|error| {
        CliError::new(error.code(), error.to_string()).hint("--db-only leaves the token store out")
    })?;
    Ok(Some(Attachment {
        name: "tokens.json".to_owned(),
        kind: "token-store".to_owned(),
        content: text.to_vec(),
    }))
}

/// Makes a backup and records it in the audit trail of the database.
pub(super) fn create(options: &BackupOptions) -> anyhow::Result<CreatedBackup> {
    let mut meter = Meter::default();
    let made = ops::backup(options, &SystemClock, &mut |progress| meter.show(progress));
    meter.clear();
    let created = made.map_err(database::failure)?;
    let recorded = ops::audit::append(&options.database, record(&created));
    if let Err(error) = recorded {
        warn(&format!(
            "the backup was made, but not recorded in the audit trail: {error}"
        ));
    }
    Ok(created)
}

fn record(created: &CreatedBackup) -> AuditRecord {
    let manifest = &created.manifest;
    let detail = json!({
        "folder": created.folder.display().to_string(),
        "method": manifest.method,
        "sizeBytes": manifest.database.size_bytes,
        "sha256": manifest.database.sha256,
        "asOfMs": manifest.started_at_ms,
        "durationMs": manifest.finished_at_ms - manifest.started_at_ms,
        "removed": created.removed.len(),
    });
    AuditRecord {
        actor_id: Some(database::actor()),
        subject: Some(manifest.backup_id.clone()),
        detail: RawJson::of(&detail),
        ..AuditRecord::new(
            Timestamp(manifest.finished_at_ms),
            Channel::Cli,
            kind::BACKUP,
            "made",
        )
    }
}

fn table(created: &CreatedBackup) -> Table {
    let manifest = &created.manifest;
    let took = manifest.finished_at_ms - manifest.started_at_ms;
    pairs([
        ("backup", manifest.backup_id.clone()),
        ("folder", created.folder.display().to_string()),
        ("as of", time(manifest.started_at_ms)),
        ("took", moment::took(took)),
        ("database", bytes(manifest.database.size_bytes)),
        ("runs", manifest.contents.sequences.runs.to_string()),
        ("other files", names(manifest)),
        (
            "removed",
            format!("{} older backups", created.removed.len()),
        ),
    ])
}

fn names(manifest: &Manifest) -> String {
    let names: Vec<&str> = manifest
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    names.join(", ")
}
