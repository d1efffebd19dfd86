//! `smithers approvals approve` and `deny`.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use smithers_model::NodeKey;

use super::choice::{Choice, only_one};
use super::offline::{OfflineArgs, Typed};
use super::row::ApprovalRow;
use crate::cli::client::{Client, Connection};
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers approvals approve release-42
  smithers approvals approve release-42 ship --note 'looks good'
  smithers approvals approve release-42 pick --value '{\"selected\": \"blue\"}'
  smithers approvals deny release-42 ship --note 'not on a Friday'
  smithers approvals approve release-42 --offline --by user:ann";

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
    #[command(flatten)]
    offline: OfflineArgs,
}

fn parse_value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("this is no JSON: {error}"))
}

impl DecideArgs {
    fn choice(&self) -> Choice<'_> {
        match &self.node {
            Some(node) => Choice::Named {
                node,
                iteration: self.iteration,
            },
            None => Choice::TheOneThatWaits,
        }
    }
}

pub(super) fn run(args: &DecideArgs, approved: bool, output: &Output) -> anyhow::Result<()> {
    let (answer, open) = match args.offline.offline {
        true => (offline(args, approved)?, None),
        false => through_gateway(args, approved)?,
    };
    output.print_text(&answer, || {
        let node = answer["nodeId"].as_str().unwrap_or_default();
        let run = &args.run;
        match (open, approved) {
            (Some(votes), _) => format!("your vote counts: {node} of {run} has {votes}"),
            (None, true) => format!("approved: {node} of {run}"),
            (None, false) => format!("denied: {node} of {run}"),
        }
    })
}

fn offline(args: &DecideArgs, approved: bool) -> anyhow::Result<Value> {
    let node = args.offline.decide(&Typed {
        run: &args.run,
        choice: args.choice(),
        approved,
        note: args.note.as_deref(),
        value: args.value.as_ref(),
    })?;
    Ok(json!({
        "runId": args.run,
        "nodeId": node.node_id.as_str(),
        "iteration": node.iteration,
        "approved": approved,
    }))
}

/// Returns the answer of the gateway, and the votes so far when more of them are needed.
fn through_gateway(args: &DecideArgs, approved: bool) -> anyhow::Result<(Value, Option<String>)> {
    let client = args.connection.client()?;
    let node = match args.choice() {
        Choice::Named { node, iteration } => NodeKey::new(node, iteration),
        Choice::TheOneThatWaits => the_one_that_waits(&client, &args.run)?,
    };
    let mut params = json!({
        "runId": args.run,
        "nodeId": node.node_id.as_str(),
        "iteration": node.iteration,
        "approved": approved,
        "note": args.note,
    });
    if let Some(value) = &args.value {
        params["decision"] = json!({"value": value});
    }
    let answer = client.call("submitApproval", &params)?;
    let votes = match approved {
        true => votes_so_far(&client, &args.run, &node),
        false => None,
    };
    Ok((answer, votes))
}

/// The votes about a node that waits for more. Who may decide need not be allowed to look: then it is not told.
fn votes_so_far(client: &Client, run: &str, node: &NodeKey) -> Option<String> {
    let rows = client.call("listApprovals", &json!({"runId": run})).ok()?;
    let rows = Vec::<ApprovalRow>::deserialize(&rows).ok()?;
    let is_it = |row: &&ApprovalRow| {
        row.node_id == node.node_id.as_str() && row.iteration == node.iteration
    };
    rows.iter().find(is_it)?.votes_so_far()
}

fn the_one_that_waits(client: &Client, run: &str) -> anyhow::Result<NodeKey> {
    let answer = client.call("listApprovals", &json!({"runId": run}))?;
    let rows = Vec::<ApprovalRow>::deserialize(&answer)?;
    let nodes = rows
        .iter()
        .map(|row| NodeKey::new(row.node_id.as_str(), row.iteration));
    Ok(only_one(run, nodes.collect())?)
}
