//! `smithers approvals approve` and `deny`.

use clap::Args;
use serde_json::{Value, json};
use smithers_model::NodeKey;

use super::choice::{Choice, waiting};
use super::offline::{OfflineArgs, Typed};
use super::row::ApprovalRow;
use crate::cli::client::{Client, ClientError, Connection};
use crate::cli::output::{Output, note};

const EXAMPLES: &str = "\
Examples:
  smithers approvals approve release-42
  smithers approvals approve release-42 ship --note 'looks good'
  smithers approvals approve release-42 pick --value '{\"selected\": \"blue\"}'
  smithers approvals approve release-42 ship --digest 2c0ff857bb1ced2c...
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
    /// Decide only about the request with this digest, as `approvals show` prints it; without it, about what is asked
    /// when the command begins.
    #[arg(long, value_name = "SHA256")]
    digest: Option<String>,
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
        Choice::of(self.node.as_deref(), self.iteration)
    }
}

pub(super) fn run(args: &DecideArgs, approved: bool, output: &Output) -> anyhow::Result<()> {
    let (answer, open) = match args.offline.offline {
        true => (offline(args, approved)?, None),
        false => through_gateway(args, approved, output.is_for_people())?,
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
        digest: args.digest.as_deref(),
    })?;
    Ok(json!({
        "runId": args.run,
        "nodeId": node.node_id.as_str(),
        "iteration": node.iteration,
        "approved": approved,
    }))
}

/// Returns the answer of the gateway, and the votes so far when more of them are needed.
fn through_gateway(
    args: &DecideArgs,
    approved: bool,
    is_for_people: bool,
) -> anyhow::Result<(Value, Option<String>)> {
    let client = args.connection.client()?;
    let (node, asked) = find(&client, args)?;
    if let Some(row) = asked.as_ref().filter(|_| is_for_people) {
        note(&format!("{} asks: {}", args.run, row.request_title));
    }
    let read = asked.and_then(|row| row.request_digest);
    let mut params = json!({
        "runId": args.run,
        "nodeId": node.node_id.as_str(),
        "iteration": node.iteration,
        "approved": approved,
        "note": args.note,
        "requestDigest": args.digest.as_ref().or(read.as_ref()),
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

/// Finds the node that is meant, with what it asks. Who may decide about a node need not be allowed to look: then
/// nothing is shown, and the decision is about whatever is asked.
fn find(client: &Client, args: &DecideArgs) -> anyhow::Result<(NodeKey, Option<ApprovalRow>)> {
    let rows = match (waiting(client, &args.run), &args.node) {
        (Err(ClientError::Refused(_)), Some(_)) => Vec::new(),
        (rows, _) => rows?,
    };
    let keys = rows.iter().map(|(_, row)| row.key()).collect();
    let node = args.choice().among(&args.run, keys)?;
    let row = rows.into_iter().find(|(_, row)| row.key() == node);
    Ok((node, row.map(|(_, row)| row)))
}

/// The votes about a node that waits for more; none also where the decider may not look.
fn votes_so_far(client: &Client, run: &str, node: &NodeKey) -> Option<String> {
    let rows = waiting(client, run).ok()?;
    let (_, row) = rows.into_iter().find(|(_, row)| row.key() == *node)?;
    row.votes_so_far()
}
