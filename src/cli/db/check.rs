//! `smithers db check`.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use smithers_store::ops::{self, Depth, Report};

use crate::cli::database::{self, DatabaseArgs};
use crate::cli::error::CliError;
use crate::cli::findings;
use crate::cli::output::Output;
use crate::cli::progress::Meter;

const EXAMPLES: &str = "\
Examples:
  smithers db check
  smithers db check --full --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Also compare every index with its table; takes several times as long.
    #[arg(long)]
    full: bool,
}

/// Prints what was found, and fails when something is wrong.
pub(super) fn run(args: &CheckArgs, output: &Output) -> anyhow::Result<()> {
    let path = args.database.read(BTreeMap::new())?.storage.db_path;
    let depth = match args.full {
        true => Depth::Full,
        false => Depth::Quick,
    };
    let mut meter = Meter::default();
    let report = ops::check(&path, depth, &mut |progress| meter.show(progress));
    meter.clear();
    let report = report.map_err(database::failure)?;
    output.print_table(&report, || findings::table(&report, None))?;
    verdict(&path, &report)
}

fn verdict(path: &Path, report: &Report) -> anyhow::Result<()> {
    match report.problems().len() {
        0 => Ok(()),
        problems => {
            let path = path.display();
            let told = format!("the database `{path}` is not sound: {problems} problems");
            Err(CliError::new("DB_UNSOUND", told).into())
        }
    }
}
