//! `smithers runs cancel`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Example:
  smithers runs cancel release-42";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CancelArgs {
    /// Id of the run.
    run: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &CancelArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let answer = client.call("cancelRun", &json!({"runId": args.run}))?;
    let run = &args.run;
    output.print_text(&answer, || match answer["status"].as_str() {
        Some("cancelling") => {
            format!("{run} undoes what it did and ends then; cancel it again to end it at once")
        }
        _ if answer["won"] == true => format!("{run} is cancelled"),
        _ => format!("{run} was cancelled before"),
    })
}
