//! `smithers runs resume`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Example:
  smithers runs resume release-42";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ResumeArgs {
    /// Id of the run.
    run: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &ResumeArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let answer = client.call("resumeRun", &json!({"runId": args.run}))?;
    output.print_text(&answer, || match answer["status"] == "already_terminal" {
        true => format!("{} has ended: there is nothing to resume", args.run),
        false => format!("{} goes on", args.run),
    })
}
