//! `smithers token mint-action`.

use clap::Args;
use serde::Serialize;
use smithers_tokens::{Mint, NewHandle};

use super::{issue, scopes, store, time};
use crate::cli::output::{Format, Output};

const EXAMPLES: &str = "\
Examples:
  smithers token mint-action --token-id 54014a2e7e38c8fd --action-id nightly-report --scopes run:read --ttl 10m";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MintArgs {
    /// Id of the token.
    #[arg(long, value_name = "ID")]
    token_id: String,
    /// The action that the handle is bound to.
    #[arg(long, value_name = "ACTION")]
    action_id: String,
    /// What the action may need, among the scopes of the token. [default: all of them]
    #[arg(long, value_name = "SCOPES")]
    scopes: Option<String>,
    /// How long it lives, at most as long as the token. [default: as long as the token]
    #[arg(long, value_name = "DURATION")]
    ttl: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    action_token: NewHandle,
    store_path: String,
}

pub(super) fn run(args: MintArgs, output: &Output) -> anyhow::Result<()> {
    issue::action_name(&args.action_id)?;
    let mint = Mint {
        token: args.token_id,
        action_id: args.action_id,
        scopes: args.scopes.map(|scopes| scopes::split(&scopes)),
        ttl: args.ttl.as_deref().map(time::lifetime).transpose()?,
    };
    let ledger = store::ledger()?;
    let answer = Answer {
        action_token: ledger.mint(mint, store::now()).map_err(store::told)?,
        store_path: ledger.path().display().to_string(),
    };
    output.print(&answer, Format::Toon)
}
