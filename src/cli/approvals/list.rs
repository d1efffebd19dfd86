//! `smithers approvals list`.

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::row::{ApprovalRow, table};
use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Output, note};

const EXAMPLES: &str = "\
Examples:
  smithers approvals list
  smithers approvals list --workflow release --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ListArgs {
    /// Only approvals of this run.
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Only approvals of runs of the workflow with this key.
    #[arg(long, value_name = "KEY")]
    workflow: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &ListArgs, output: &Output) -> anyhow::Result<()> {
    let filter = json!({"runId": args.run, "workflow": args.workflow});
    let client = args.connection.client()?;
    let answer = client.call("listApprovals", &json!({"filter": filter}))?;
    let rows = Vec::<ApprovalRow>::deserialize(&answer)?;
    if rows.is_empty() {
        note("nothing waits for a decision");
    }
    output.print_table(&answer, || table(&rows, moment::now()))
}
