//! `smithers token upgrade`.

use clap::Args;
use serde::Serialize;

use super::store;
use crate::cli::output::{Format, Output};

const EXAMPLES: &str = "\
Examples:
  smithers token upgrade
  smithers token upgrade --forget-bearers

Every token and every handle keeps working. On a host where nobody runs `token exec`, forget the bearers.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpgradeArgs {
    /// Do not keep the bearers for `token exec` in the file of secrets beside the store.
    #[arg(long)]
    forget_bearers: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    upgraded: usize,
    token_ids: Vec<String>,
    handles: usize,
    version: u64,
    store_path: String,
}

pub(super) fn run(args: &UpgradeArgs, output: &Output) -> anyhow::Result<()> {
    let ledger = store::ledger()?;
    let upgraded = ledger
        .upgrade(args.forget_bearers, store::now())
        .map_err(store::told)?;
    let answer = Answer {
        upgraded: upgraded.token_ids.len(),
        token_ids: upgraded.token_ids,
        handles: upgraded.handles,
        version: 3,
        store_path: ledger.path().display().to_string(),
    };
    output.print(&answer, Format::Toon)
}
