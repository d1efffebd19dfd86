//! `smithers cache clear`.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;
use smithers_actors::clock::SystemClock;
use smithers_model::time::Clock;
use smithers_store::ops;

use super::Meant;
use crate::cli::database::{self, DatabaseArgs};
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Tasks under way keep their results as they end; what is forgotten is made anew when somebody needs it.

Examples:
  smithers cache clear --workflow reviews
  smithers cache clear --key summary
  smithers cache clear";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ClearArgs {
    #[command(flatten)]
    meant: Meant,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &ClearArgs, output: &Output) -> anyhow::Result<()> {
    let path = args.database.read(BTreeMap::new())?.storage.db_path;
    let (filter, actor) = (args.meant.filter(), database::actor());
    let gone = ops::clear_cache(&path, &filter, &actor, SystemClock.now());
    let gone = gone.map_err(database::failure)?;
    output.print_text(&json!({ "cleared": gone }), || {
        format!("{gone} results are forgotten")
    })
}
