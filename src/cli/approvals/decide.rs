//! `smithers approvals approve` and `deny`.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::row::ApprovalRow;
use crate::cli::client::{Client, Connection};
use crate::cli::error::CliError;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers approvals approve release-42
  smithers approvals approve release-42 ship --note 'looks good'
  smithers approvals approve release-42 pick --value '{\"selected\": \"blue\"}'
  smithers approvals deny release-42 ship --note 'not on a Friday'";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DecideArgs {
    /// Id of the run.
    run: String,
    /// Node that waits; not needed when only one does.
    node: Option<String>,
    /// Iteration of the node, from 0.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "node")]
    iteration: u32,
    /// What to record with the decision.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The answer to a question with options, as JSON: {"selected": "key"} or {"ranked": ["key", "key"]}.
    #[arg(long, value_name = "JSON", value_parser = parse_value)]
    value: Option<Value>,
    #[command(flatten)]
    connection: Connection,
}

fn parse_value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("this is no JSON: {error}"))
}

pub(super) fn run(args: &DecideArgs, approved: bool, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let (node, iteration) = match &args.node {
        Some(node) => (node.clone(), args.iteration),
        None => the_one_that_waits(&client, &args.run)?,
    };
    let mut params = json!({
        "runId": args.run,
        "nodeId": node,
        "iteration": iteration,
        "approved": approved,
        "note": args.note,
    });
    if let Some(value) = &args.value {
        params["decision"] = json!({"value": value});
    }
    let answer = client.call("submitApproval", &params)?;
    output.print_text(&answer, || {
        let word = if approved { "approved" } else { "denied" };
        format!("{word}: {node} of {}", args.run)
    })
}

/// Finds the node that is meant when none is named.
fn the_one_that_waits(client: &Client, run: &str) -> anyhow::Result<(String, u32)> {
    let answer = client.call("listApprovals", &json!({"runId": run}))?;
    let mut rows = Vec::<ApprovalRow>::deserialize(&answer)?;
    match (rows.pop(), rows.as_slice()) {
        (Some(row), []) => Ok((row.node_id, row.iteration)),
        (None, _) => Err(
            CliError::new("NOTHING_WAITS", format!("{run} waits for no decision"))
                .hint(format!("see what it does: smithers runs show {run}"))
                .into(),
        ),
        (Some(last), others) => {
            let mut nodes: Vec<String> = others.iter().map(ApprovalRow::node).collect();
            nodes.push(last.node());
            let message = format!("{run} waits for {} decisions", nodes.len());
            let hint = format!("name the node: {}", nodes.join(", "));
            Err(CliError::new("NODE_REQUIRED", message).hint(hint).into())
        }
    }
}
