//! `smithers token rotate`.

use clap::Args;
use secrecy::ExposeSecret;
use serde::Serialize;
use smithers_model::Timestamp;
use smithers_tokens::{NewHandle, Rotate};

use super::issue::{FormatArg, GrantAnswer};
use super::{store, time};
use crate::cli::output::{Format, Output};

const EXAMPLES: &str = "\
Examples:
  smithers token rotate --token-id 54014a2e7e38c8fd --grace 5m

The new token has the role, scopes, user and actions of the old one, which ends after the grace.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RotateArgs {
    /// Id of the token to replace.
    #[arg(long, value_name = "ID")]
    token_id: String,
    /// How long the old token stays valid, at most.
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    grace: String,
    /// How long the new token lives. [default: as long as the old one was to live]
    #[arg(long, value_name = "DURATION")]
    ttl: Option<String>,
    /// Print the new bearer too. Whoever sees it can use it.
    #[arg(long)]
    reveal_token: bool,
    /// Shape of the new entry in the store, as for `token issue`.
    #[arg(long, value_enum, value_name = "VERSION", default_value = "3")]
    store_format: FormatArg,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    rotated: &'a str,
    old_expires_at_ms: Timestamp,
    grant: GrantAnswer<'a>,
    action_tokens: &'a [NewHandle],
    store_path: String,
}

pub(super) fn run(args: RotateArgs, output: &Output) -> anyhow::Result<()> {
    let rotate = Rotate {
        token: args.token_id,
        grace: time::duration(&args.grace)?,
        ttl: args.ttl.as_deref().map(time::lifetime).transpose()?,
        max_ttl: time::longest()?,
        format: args.store_format.into(),
        is_revealed: args.reveal_token,
    };
    let ledger = store::ledger()?;
    let rotated = ledger.rotate(&rotate, store::now()).map_err(store::told)?;
    let answer = Answer {
        token: args
            .reveal_token
            .then(|| rotated.issued.bearer.expose_secret()),
        rotated: &rotated.old_token_id,
        old_expires_at_ms: rotated.old_expires_at,
        grant: GrantAnswer::of(&rotated.issued, args.reveal_token),
        action_tokens: &rotated.issued.handles,
        store_path: ledger.path().display().to_string(),
    };
    output.print(&answer, Format::Toon)
}
