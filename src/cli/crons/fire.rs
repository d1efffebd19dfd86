//! `smithers crons run`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::input::InputArgs;
use crate::cli::output::{Output, note};

const EXAMPLES: &str = "\
Examples:
  smithers crons run sync
  smithers crons run sync --input '{\"full\": true}'";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RunArgs {
    /// Id of the schedule; its next firing stays as it is.
    cron: String,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &RunArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let params = json!({
        "cronId": args.cron,
        "input": args.input.read()?.unwrap_or_default(),
    });
    let answer = client.call("cronRun", &params)?;
    let run = answer["runId"].as_str().unwrap_or_default();
    output.print_text(&answer, || format!("launched {run}"))?;
    note(&format!("follow it: smithers runs events {run} --follow"));
    Ok(())
}
