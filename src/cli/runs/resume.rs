//! `smithers runs resume`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
A run whose workflow has changed since it last went on is held until the change is accepted.

Examples:
  smithers runs resume release-42
  smithers runs resume release-42 --accept-workflow-change";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ResumeArgs {
    /// Id of the run.
    run: String,
    /// Go on with a workflow that has changed since the run last went on.
    #[arg(long)]
    accept_workflow_change: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &ResumeArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let params = json!({
        "runId": args.run,
        "options": { "acceptWorkflowChange": args.accept_workflow_change },
    });
    let answer = client.call("resumeRun", &params)?;
    output.print_text(&answer, || match answer["status"] == "already_terminal" {
        true => format!("{} has ended: there is nothing to resume", args.run),
        false => format!("{} goes on", args.run),
    })
}
