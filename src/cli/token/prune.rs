//! `smithers token prune`.

use clap::Args;
use serde::Serialize;

use super::{store, time};
use crate::cli::output::{Format, Output};

const EXAMPLES: &str = "\
Examples:
  smithers token prune --older-than 30d --dry-run
  smithers token prune --older-than 30d

Records in the audit trail stay.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PruneArgs {
    /// Drop tokens that expired or were revoked longer ago than this.
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    older_than: String,
    /// Only say what would be dropped.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    pruned: usize,
    token_ids: Vec<String>,
    handles: usize,
    dry_run: bool,
    store_path: String,
}

pub(super) fn run(args: &PruneArgs, output: &Output) -> anyhow::Result<()> {
    let age = time::duration(&args.older_than)?;
    let ledger = store::ledger()?;
    let pruned = if args.dry_run {
        ledger.prunable(age, store::now())
    } else {
        ledger.prune(age, store::now())
    };
    let pruned = pruned.map_err(store::told)?;
    let answer = Answer {
        pruned: pruned.token_ids.len(),
        token_ids: pruned.token_ids,
        handles: pruned.handles,
        dry_run: args.dry_run,
        store_path: ledger.path().display().to_string(),
    };
    output.print(&answer, Format::Toon)
}
