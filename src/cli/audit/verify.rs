//! `smithers audit verify`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use smithers_store::ops;

use super::Trail;
use crate::audit::checkpoint::{self, Signer};
use crate::audit::{journal, verify};
use crate::cli::database::DatabaseArgs;
use crate::cli::error::CliError;
use crate::cli::output::{Format, Output, warn};

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smithers audit verify
  smithers audit verify audit.jsonl
  smithers audit verify --public-key 9c4f1c5b0e0b2f6a4e0d6b3a8f7c1d2e3f405162738495a6b7c8d9e0f1a2b3c4

Exit code 1 when a row was changed, removed or put in between; the message names it.")]
pub(crate) struct VerifyArgs {
    /// Export or copy to check; the database without it.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Key whose checkpoints count; the one beside the database without it, which whoever writes there can replace.
    #[arg(long, value_name = "HEX", value_parser = public_key, conflicts_with = "file")]
    public_key: Vec<String>,
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
    /// The key that is trusted; compare it with what you noted elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
}

pub(super) fn run(args: &VerifyArgs, output: &Output) -> anyhow::Result<()> {
    let holds = match &args.file {
        Some(file) => of_file(file)?,
        None => of_database(args)?,
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

fn of_database(args: &VerifyArgs) -> Result<Holds, CliError> {
    let config = args.database.read(BTreeMap::new())?;
    let database = &config.storage.db_path;
    let trail = Trail::open(&config)?;
    let triggers = ops::audit::broken_triggers(database)
        .map_err(|error| super::super::database::failure(error.into()))?;
    if let Some(difference) = triggers.first() {
        return Err(broken(format!("the trail is not protected: {difference}")));
    }
    let signed = checkpoint::all(database)
        .map_err(|error| broken(format!("{}: {error}", checkpoint::path(database).display())))?;
    let trusted = match args.public_key.is_empty() {
        true => {
            if let (Err(error), false) = (Signer::read(database), signed.is_empty()) {
                warn(&format!(
                    "the key beside the database cannot be read ({error}); name the one you noted with --public-key"
                ));
            }
            checkpoint::trusted_keys(database, &signed)
        }
        false => args.public_key.clone(),
    };
    let verdict =
        verify::verify(&*trail.0, &signed, &trusted).map_err(|error| super::unreadable(&error))?;
    if let Some((seq, why)) = verdict.broken {
        return Err(broken(format!("row {seq}: {why}")));
    }
    if verdict.superseded > 0 {
        warn(&format!(
            "a restore has taken back rows of {} checkpoints; compare them with a copy that is kept elsewhere",
            verdict.superseded
        ));
    }
    Ok(Holds {
        rows: verdict.cursor.seq(),
        last_seq: verdict.cursor.seq(),
        chain_head: verdict.cursor.hash().to_owned(),
        complete: None,
        checkpoints: Some(verdict.agreed),
        public_key: trusted.first().cloned(),
    })
}

fn public_key(text: &str) -> Result<String, String> {
    let is_key = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_key {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a public key has 64 hex digits".to_owned()),
    }
}

fn broken(message: String) -> CliError {
    CliError::new("AUDIT_BROKEN", message)
        .hint("keep a copy of everything and see the chapter on incidents in the operator's guide")
}
