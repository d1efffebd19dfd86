//! `smithers audit verify`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use smithers_store::{ChainCursor, ops};

use super::{PAGE, Trail};
use crate::audit::{checkpoint, journal};
use crate::cli::database::DatabaseArgs;
use crate::cli::error::CliError;
use crate::cli::output::{Format, Output};
use crate::config::Config;

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smithers audit verify                     the trail of the configured database
  smithers audit verify audit.jsonl         an export, or the copy of SMITHERS_AUDIT_SINK

Exit code 1 when a row was changed, removed or put in between; the message names it.")]
pub(crate) struct VerifyArgs {
    /// Export or copy to check; the database without it.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// A trail that holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Holds {
    rows: u64,
    last_seq: u64,
    chain_head: String,
    /// A file: whether it has its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<bool>,
    /// The database: signed checkpoints that were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoints: Option<usize>,
    /// The key that signed them; compare it with what you noted elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

pub(super) fn run(args: &VerifyArgs, output: &Output) -> anyhow::Result<()> {
    let holds = match &args.file {
        Some(file) => of_file(file)?,
        None => of_database(&args.database.read(BTreeMap::new())?)?,
    };
    output.print(&holds, Format::Toon)
}

fn of_file(file: &Path) -> Result<Holds, CliError> {
    let found =
        journal::read(file).map_err(|error| broken(format!("{}: {error}", file.display())))?;
    Ok(Holds {
        rows: found.rows,
        last_seq: found.cursor.seq(),
        chain_head: found.cursor.hash().to_owned(),
        complete: Some(found.is_complete),
        checkpoints: None,
        public_key: None,
    })
}

fn of_database(config: &Config) -> Result<Holds, CliError> {
    let database = &config.storage.db_path;
    let trail = Trail::open(config)?;
    let triggers = ops::audit::broken_triggers(database)
        .map_err(|error| super::super::database::failure(error.into()))?;
    if let Some(difference) = triggers.first() {
        return Err(broken(format!("the trail is not protected: {difference}")));
    }
    let signed = checkpoint::all(database)
        .map_err(|error| broken(format!("{}: {error}", checkpoint::path(database).display())))?;
    if let Some(forged) = signed.iter().find(|checkpoint| !checkpoint.is_signed()) {
        return Err(broken(format!(
            "the checkpoint of row {} has a wrong signature",
            forged.seq
        )));
    }
    let mut waiting = signed.iter().peekable();
    let mut cursor = ChainCursor::default();
    loop {
        let rows = trail.after(cursor.seq(), PAGE)?;
        if let Some(seq) = cursor.follow(&rows) {
            return Err(broken(format!(
                "row {seq} does not follow from those before it"
            )));
        }
        for row in &rows {
            while let Some(checkpoint) = waiting.next_if(|checkpoint| checkpoint.seq == row.seq) {
                if checkpoint.hash != row.hash {
                    return Err(broken(format!(
                        "row {} is not the one that was signed",
                        row.seq
                    )));
                }
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    if let Some(beyond) = waiting.next() {
        return Err(broken(format!(
            "the trail ends at row {}, and row {} was signed",
            cursor.seq(),
            beyond.seq
        )));
    }
    Ok(Holds {
        rows: cursor.seq(),
        last_seq: cursor.seq(),
        chain_head: cursor.hash().to_owned(),
        complete: None,
        checkpoints: Some(signed.len()),
        public_key: signed.last().map(|checkpoint| checkpoint.key.clone()),
    })
}

fn broken(message: String) -> CliError {
    CliError::new("AUDIT_BROKEN", message)
        .hint("keep a copy of everything and see the chapter on incidents in the operator's guide")
}
