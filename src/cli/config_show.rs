//! `smithers config show`.

use std::collections::BTreeMap;

use clap::Args;

use super::say;
use crate::config::{Config, Sources};

/// What was typed.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Print a JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ShowArgs) -> anyhow::Result<()> {
    let config = Config::read(&Sources::of_process(BTreeMap::new()))?;
    if args.json {
        say(&serde_json::to_string_pretty(&config.to_json())?);
    } else {
        say(config.table().trim_end());
    }
    Ok(())
}
