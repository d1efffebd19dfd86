//! `smithers runs summary`: what has happened, in a few sentences.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers runs summary release-42
  smithers runs summary release-42 deploy
  smithers runs summary release-42 deploy --iteration 2 --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct SummaryArgs {
    /// Id of the run.
    run: String,
    /// Tell of this node alone.
    node: Option<String>,
    /// Pass of the loop around the node, from 0; the newest by default.
    #[arg(long, value_name = "NUMBER", requires = "node")]
    iteration: Option<u32>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &SummaryArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({ "runId": args.run, "nodeId": args.node, "iteration": args.iteration });
    let answer = args.connection.client()?.call("whatHappened", &params)?;
    output.print_text(&answer, || {
        answer["summary"].as_str().unwrap_or_default().to_owned()
    })
}
