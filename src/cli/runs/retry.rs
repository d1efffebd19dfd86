//! `smithers runs retry`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
What began when the task had ended is done again too; tasks beside it stay as they are.
The run must not execute: it has ended, waits, or is paused.

Examples:
  smithers runs retry release-42 build
  smithers runs retry release-42 build --only
  smithers runs retry release-42 review --iteration 2";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RetryArgs {
    /// Id of the run.
    run: String,
    /// Id of the task.
    node: String,
    /// Iteration of the task, inside a loop.
    #[arg(long, value_name = "N", default_value_t = 0)]
    iteration: u32,
    /// Leave what came after the task as it is.
    #[arg(long)]
    only: bool,
    /// Do it again with a workflow that has changed since the run last went on.
    #[arg(long)]
    accept_workflow_change: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &RetryArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({
        "runId": args.run,
        "nodeId": args.node,
        "iteration": args.iteration,
        "resetDependents": !args.only,
        "acceptWorkflowChange": args.accept_workflow_change,
    });
    let answer = args.connection.client()?.call("retryTask", &params)?;
    output.print_text(&answer, || {
        let nodes = answer["resetNodes"].as_array().map(Vec::as_slice);
        let nodes: Vec<&str> = nodes
            .unwrap_or_default()
            .iter()
            .filter_map(|node| node.as_str())
            .collect();
        format!("{} goes on; done again: {}", args.run, nodes.join(", "))
    })
}
