//! `smithers token show`.

use clap::Args;
use serde::Serialize;
use smithers_tokens::{GrantInfo, HandleInfo};

use super::store;
use crate::cli::output::{Format, Output};

const EXAMPLES: &str = "\
Examples:
  smithers token show 54014a2e7e38c8fd
  smithers token show 54014a2e7e38c8fd --store-entry --json

With --store-entry the answer is the entry for the token store of a deployment: a hash for key, never the bearer.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    /// Id of the token.
    #[arg(value_name = "ID")]
    token_id: String,
    /// Print the entry to copy into the token store of a deployment.
    #[arg(long)]
    store_entry: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(flatten)]
    grant: GrantInfo,
    action_tokens: Vec<HandleInfo>,
    store_path: String,
}

pub(super) fn run(args: &ShowArgs, output: &Output) -> anyhow::Result<()> {
    let ledger = store::ledger()?;
    if args.store_entry {
        let entry = ledger.entry(&args.token_id).map_err(store::told)?;
        return output.print(&entry, Format::Json);
    }
    let found = ledger.show(&args.token_id, store::now());
    let (grant, action_tokens) = found.map_err(store::told)?;
    let answer = Answer {
        grant,
        action_tokens,
        store_path: ledger.path().display().to_string(),
    };
    output.print(&answer, Format::Toon)
}
