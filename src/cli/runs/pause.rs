//! `smithers runs pause`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Tasks under way end, nothing else starts, and the run waits until somebody resumes it.

Examples:
  smithers runs pause release-42
  smithers runs resume release-42";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct PauseArgs {
    /// Id of the run.
    run: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &PauseArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let answer = client.call("pauseRun", &json!({"runId": args.run}))?;
    output.print_text(&answer, || {
        format!(
            "{} pauses as soon as its tasks under way have ended",
            args.run
        )
    })
}
