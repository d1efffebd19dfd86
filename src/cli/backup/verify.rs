//! `smithers backup verify`.

use std::path::PathBuf;

use clap::Args;
use smithers_store::ops;

use crate::cli::database;
use crate::cli::findings;
use crate::cli::output::Output;
use crate::cli::progress::Meter;

const EXAMPLES: &str = "\
Examples:
  smithers backup verify /data/backups/smithers-20260131T120000.000Z";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct VerifyArgs {
    /// Folder of the backup.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(args: &VerifyArgs, output: &Output) -> anyhow::Result<()> {
    let mut meter = Meter::default();
    let verified = ops::verify(&args.folder, &mut |progress| meter.show(progress));
    meter.clear();
    let verified = verified.map_err(database::failure)?;
    output.print_table(&verified, || {
        findings::table(&verified.report, Some(&verified.manifest))
    })
}
