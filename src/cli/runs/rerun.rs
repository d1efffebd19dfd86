//! `smithers runs rerun`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
The new run has the input and the options of the old one, and the workflow as it is now.

Examples:
  smithers runs rerun release-42
  smithers runs rerun release-42 --run-id release-43";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RerunArgs {
    /// Id of the run whose input is used again.
    run: String,
    /// Id of the new run [default: a random one]
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &RerunArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({"runId": args.run, "newRunId": args.run_id});
    let answer = args.connection.client()?.call("runs.rerun", &params)?;
    output.print_text(&answer, || {
        format!("launched {}", answer["runId"].as_str().unwrap_or_default())
    })
}
