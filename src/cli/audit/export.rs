//! `smithers audit export`.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use smithers_store::ChainCursor;

use super::{PAGE, Trail};
use crate::audit::journal::{self, Footer, Journal};
use crate::cli::database::DatabaseArgs;
use crate::cli::error::CliError;
use crate::cli::output::{Format, Output, note};

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smithers audit export --out audit.jsonl
  smithers audit export --resume audit.jsonl
  smithers audit export --after 120")]
pub(crate) struct ExportArgs {
    /// Begin after this row.
    #[arg(
        long,
        value_name = "SEQ",
        default_value_t = 0,
        conflicts_with = "resume"
    )]
    after: u64,
    /// File to write; it must not exist. Standard output without it.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Export to go on with, after its last whole row; one that was cut off loses nothing.
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &ExportArgs, output: &Output) -> anyhow::Result<()> {
    let config = args.database.read(BTreeMap::new())?;
    let trail = Trail::open(&config)?;
    if let Some(file) = &args.resume {
        let journal = journal::resume(file).map_err(|error| refused(file, &error))?;
        let footer = copy(&trail, journal).map_err(|error| unwritten(file, &error))?;
        return output.print(&footer, Format::Toon);
    }
    let start = start(&trail, args.after)?;
    let Some(file) = &args.out else {
        let stdout = io::BufWriter::new(io::stdout().lock());
        let footer = Journal::begin(stdout, start.seq(), start.hash())
            .and_then(|journal| copy(&trail, journal));
        let footer = footer.map_err(|error| unwritten(Path::new("-"), &error))?;
        note(&format!("{} rows, up to {}", footer.rows, footer.last_seq));
        return Ok(());
    };
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    let made = made.map_err(|error| unwritten(file, &error))?;
    let footer = Journal::begin(io::BufWriter::new(made), start.seq(), start.hash())
        .and_then(|journal| copy(&trail, journal))
        .map_err(|error| unwritten(file, &error))?;
    output.print(&footer, Format::Toon)
}

/// Finds where an export that begins after `seq` joins the chain.
fn start(trail: &Trail, seq: u64) -> Result<ChainCursor, CliError> {
    let Some(before) = seq.checked_sub(1) else {
        return Ok(ChainCursor::default());
    };
    let row = trail
        .after(before, 1)?
        .into_iter()
        .next()
        .filter(|row| row.seq == seq);
    let row = row.ok_or_else(|| {
        CliError::usage(format!("there is no row {seq} to begin after"))
            .hint("`smithers audit tail` shows the newest rows")
    })?;
    Ok(ChainCursor::after(row.seq, &row.hash))
}

fn copy<W: Write>(trail: &Trail, mut journal: Journal<W>) -> io::Result<Footer> {
    loop {
        let rows = trail
            .after(journal.last_seq(), PAGE)
            .map_err(io::Error::other)?;
        if rows.is_empty() {
            return journal.end();
        }
        journal.add(&rows)?;
    }
}

fn refused(file: &Path, error: &journal::JournalError) -> CliError {
    CliError::new("EXPORT_UNSOUND", format!("{}: {error}", file.display()))
        .hint("begin a new one with --out")
}

fn unwritten(file: &Path, error: &io::Error) -> CliError {
    let hint = match error.kind() {
        io::ErrorKind::AlreadyExists => "choose another name, or go on with it: --resume",
        io::ErrorKind::InvalidData => "`smithers audit verify` says where the chain breaks",
        _ => "an export that was cut off can be continued: --resume",
    };
    CliError::new("EXPORT_FAILED", format!("{}: {error}", file.display())).hint(hint)
}
