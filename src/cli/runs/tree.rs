//! `smithers runs tree`: the elements of a frame, and how their tasks stand.

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::row::{name, read, state_cell};
use crate::cli::client::Connection;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs tree release-42
  smithers runs tree release-42 --frame 3
  smithers runs tree release-42 --json --filter-output root";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct TreeArgs {
    /// Id of the run.
    run: String,
    /// This frame and not the newest, from 1; its tasks are shown as they stand now.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    frame: Option<u64>,
    #[command(flatten)]
    connection: Connection,
}

/// What the table needs of the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    frame_no: u64,
    root: Node,
}

#[derive(Debug, Deserialize)]
struct Node {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    task: Option<Task>,
    children: Vec<Node>,
    depth: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    node_id: String,
    kind: String,
    iteration: u32,
    state: String,
    attempt: u32,
}

pub(super) fn run(args: &TreeArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let mut params = json!({"runId": args.run});
    if let Some(frame) = args.frame {
        params["frameNo"] = frame.into();
    }
    let answer = client.call("getDevToolsSnapshot", &params)?;
    let snapshot: Snapshot = read(&answer)?;
    if snapshot.frame_no == 0 {
        note("no frames yet");
    }
    output.print_table(&answer, || table(&snapshot.root))
}

fn table(root: &Node) -> Table {
    let mut table = Table::new(["element", "state", "attempts", "kind"]);
    add(root, &mut table);
    table
}

/// Adds a row for the node and for all inside it.
fn add(node: &Node, table: &mut Table) {
    let indent = "  ".repeat(node.depth);
    let (shown, state, attempts, kind) = match &node.task {
        Some(task) => (
            name(&task.node_id, task.iteration),
            state_cell(&task.state),
            task.attempt.to_string(),
            task.kind.as_str(),
        ),
        None => (
            node.name.clone(),
            Cell::from(""),
            String::new(),
            node.kind.as_str(),
        ),
    };
    table.row([
        format!("{indent}{shown}").into(),
        state,
        attempts.into(),
        Cell::new(kind, Paint::Dim),
    ]);
    for child in &node.children {
        add(child, table);
    }
}
