//! `smithers runs output`: what the nodes of a run have stored.

use clap::Args;
use serde_json::{Value, json};

use super::row::{NodeRow, name, read, state_cell};
use crate::cli::client::{Client, ClientError, Connection};
use crate::cli::error::CliError;
use crate::cli::output::{Cell, Output, Paint, Table, note};

/// Most nodes whose outputs are asked for, one call each.
const MAX_NODES: usize = 200;
/// Most characters of an output in a table of several.
const MAX_CELL_CHARS: usize = 120;

const EXAMPLES: &str = "\
Examples:
  smithers runs output release-42
  smithers runs output release-42 build
  smithers runs output release-42 review --iteration 2 --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct OutputArgs {
    /// Id of the run.
    run: String,
    /// Id of a node; all nodes that have stored something when absent.
    node: Option<String>,
    /// Iteration of the loop around the node, from 0; the newest when absent.
    #[arg(long, value_name = "NUMBER", requires = "node")]
    iteration: Option<u32>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &OutputArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let nodes = client.call("listNodeStates", &json!({"runId": args.run}))?;
    let nodes: Vec<NodeRow> = read(&nodes)?;
    match &args.node {
        Some(node) => one(&client, args, node, &nodes, output),
        None => all(&client, args, &nodes, output),
    }
}

/// Prints the row of one node, bare.
fn one(
    client: &Client,
    args: &OutputArgs,
    node: &str,
    nodes: &[NodeRow],
    output: &Output,
) -> anyhow::Result<()> {
    let newest = nodes
        .iter()
        .filter(|row| row.node_id == node)
        .map(|row| row.iteration)
        .max();
    let iteration = args.iteration.or(newest).unwrap_or_default();
    let answer = stored(client, &args.run, node, iteration)?;
    let row = &answer["row"];
    if row.is_null() {
        return Err(nothing(args, node, iteration, &answer).into());
    }
    output.print_tables(row, || {
        let mut table = Table::pairs();
        for (name, value) in row.as_object().into_iter().flatten() {
            table.pair(name, text(value));
        }
        vec![table]
    })
}

/// Why there is no row.
fn nothing(args: &OutputArgs, node: &str, iteration: u32, answer: &Value) -> CliError {
    let name = name(node, iteration);
    let run = &args.run;
    match answer["error"]["message"].as_str() {
        Some(message) => CliError::new(
            "NodeHasNoOutput",
            format!("node `{name}` of run `{run}` failed: {message}"),
        ),
        None => CliError::new(
            "NodeHasNoOutput",
            format!("node `{name}` of run `{run}` has stored nothing yet"),
        )
        .hint(format!("see what it does with: smithers runs show {run}")),
    }
}

/// Prints what every node has stored.
fn all(
    client: &Client,
    args: &OutputArgs,
    nodes: &[NodeRow],
    output: &Output,
) -> anyhow::Result<()> {
    let mut ended: Vec<&NodeRow> = nodes.iter().filter(|row| has_ended(row)).collect();
    ended.sort_by_key(|row| row.finished_at_ms);
    let left_out = ended.len().saturating_sub(MAX_NODES);
    let rows = ended
        .into_iter()
        .take(MAX_NODES)
        .map(|row| {
            let mut answer = match stored(client, &args.run, &row.node_id, row.iteration) {
                // A denied gate stores nothing, and some ids cannot be asked for: the others are shown.
                Err(ClientError::Refused(refusal)) => {
                    json!({"error": {"code": refusal.code, "message": refusal.message}})
                }
                answer => answer?,
            };
            let (value, error) = (answer["row"].take(), answer["error"].take());
            Ok(
                json!({"nodeId": row.node_id, "iteration": row.iteration, "state": row.state,
                "row": value, "error": error}),
            )
        })
        .collect::<Result<Vec<Value>, ClientError>>()?;
    if left_out > 0 {
        note(&format!(
            "{left_out} more nodes have ended; name one to see what it stored"
        ));
    }
    let data = Value::Array(rows);
    output.print_table(&data, || table(&data))
}

fn has_ended(row: &NodeRow) -> bool {
    matches!(row.state.as_str(), "finished" | "failed")
}

fn table(rows: &Value) -> Table {
    let mut table = Table::new(["node", "state", "output"]);
    for row in rows.as_array().into_iter().flatten() {
        let node = row["nodeId"].as_str().unwrap_or_default();
        let iteration = row["iteration"].as_u64().unwrap_or_default();
        let shown = match row["row"].is_null() {
            false => Cell::from(clipped(&row["row"].to_string())),
            true => Cell::new(clipped(&text(&row["error"]["message"])), Paint::Red),
        };
        table.row([
            name(node, u32::try_from(iteration).unwrap_or(u32::MAX)).into(),
            state_cell(row["state"].as_str().unwrap_or_default()),
            shown,
        ]);
    }
    table
}

fn stored(client: &Client, run: &str, node: &str, iteration: u32) -> Result<Value, ClientError> {
    let params = json!({"runId": run, "nodeId": node, "iteration": iteration});
    client.call("getNodeOutput", &params)
}

/// A text as it is, everything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_CELL_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
