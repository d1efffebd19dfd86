//! `smithers cache stats`.

use std::collections::BTreeMap;

use clap::Args;
use smithers_actors::clock::SystemClock;
use smithers_model::time::Clock;
use smithers_store::ops;

use super::Meant;
use crate::cli::database::{self, DatabaseArgs};
use crate::cli::output::Output;
use crate::cli::shown::{bytes, pairs, time};

const EXAMPLES: &str = "\
Examples:
  smithers cache stats
  smithers cache stats --workflow reviews --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct StatsArgs {
    #[command(flatten)]
    meant: Meant,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &StatsArgs, output: &Output) -> anyhow::Result<()> {
    let path = args.database.read(BTreeMap::new())?.storage.db_path;
    let reader = ops::reader(&path).map_err(database::failure)?;
    let stats = reader.cache_stats(&args.meant.filter(), SystemClock.now())?;
    let oldest = stats.oldest_at_ms.map(|at| time(at.0));
    output.print_table(&stats, || {
        pairs([
            ("results", stats.rows.to_string()),
            ("size", bytes(stats.bytes)),
            ("expired", stats.expired.to_string()),
            ("for ever", stats.unbounded.to_string()),
            ("oldest", oldest.unwrap_or_default()),
        ])
    })
}
