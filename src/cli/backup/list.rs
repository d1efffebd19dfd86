//! `smithers backup list`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use smithers_store::ops::{self, ListedBackup, Manifest};

use crate::cli::database::{self, DatabaseArgs};
use crate::cli::output::{Cell, Output, Paint, Table};
use crate::cli::shown::{bytes, time};

const EXAMPLES: &str = "\
Examples:
  smithers backup list
  smithers backup list /mnt/backups --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ListArgs {
    /// Folder of the backups. [env: SMITHERS_BACKUP_DIR]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What is printed of a backup.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    folder: String,
    #[serde(flatten)]
    manifest: Option<&'a Manifest>,
    /// Why the manifest cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn run(args: &ListArgs, output: &Output) -> anyhow::Result<()> {
    let folder = args
        .folder
        .as_ref()
        .map(|folder| folder.display().to_string());
    let flags: BTreeMap<_, _> = folder
        .into_iter()
        .map(|folder| ("SMITHERS_BACKUP_DIR", folder))
        .collect();
    let config = args.database.read(flags)?;
    let backups = ops::list(&config.storage.backup_dir).map_err(database::failure)?;
    let rows: Vec<Row<'_>> = backups.iter().map(row).collect();
    output.print_table(&rows, || table(&backups))
}

fn row(backup: &ListedBackup) -> Row<'_> {
    Row {
        folder: backup.folder.display().to_string(),
        manifest: backup.manifest.as_ref().ok(),
        error: backup.manifest.as_ref().err().map(ToString::to_string),
    }
}

fn table(backups: &[ListedBackup]) -> Table {
    let mut table = Table::new(["as of", "size", "runs", "version", "method", "folder"]);
    for backup in backups {
        let folder = backup.folder.display().to_string();
        let cells = match &backup.manifest {
            Ok(manifest) => [
                time(manifest.started_at_ms),
                bytes(manifest.database.size_bytes),
                manifest.contents.sequences.runs.to_string(),
                manifest.product_version.clone(),
                format!("{:?}", manifest.method).to_lowercase(),
                folder,
            ]
            .map(Cell::from),
            Err(_) => {
                ["unreadable", "", "", "", "", &folder].map(|text| Cell::new(text, Paint::Red))
            }
        };
        table.row(cells);
    }
    table
}
