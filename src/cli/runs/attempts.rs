//! `smithers runs attempts`: how often tasks of a run were tried, and what came of it.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::row::{name, read, state_cell, took};
use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs attempts release-42
  smithers runs attempts release-42 build
  smithers runs attempts release-42 review --iteration 2 --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct AttemptsArgs {
    /// Id of the run.
    run: String,
    /// Id of a node; the attempts of all nodes when absent.
    node: Option<String>,
    /// Iteration of the loop around the node, from 0.
    #[arg(long, value_name = "NUMBER", requires = "node", default_value_t = 0)]
    iteration: u32,
    #[command(flatten)]
    connection: Connection,
}

/// What the table shows of an attempt.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttemptRow {
    node_id: String,
    iteration: u32,
    attempt: u32,
    state: String,
    started_at_ms: i64,
    finished_at_ms: Option<i64>,
    error_json: Option<String>,
}

pub(super) fn run(args: &AttemptsArgs, output: &Output) -> anyhow::Result<()> {
    let params = match &args.node {
        Some(node) => json!({"runId": args.run, "nodeId": node, "iteration": args.iteration}),
        None => json!({"runId": args.run}),
    };
    let answer = args.connection.client()?.call("attempts.list", &params)?;
    let mut rows: Vec<AttemptRow> = read(&answer)?;
    if rows.is_empty() {
        note("no attempts");
    }
    rows.sort_by_key(|row| row.started_at_ms);
    output.print_table(&answer, || table(&rows))
}

fn table(rows: &[AttemptRow]) -> Table {
    let now = moment::now();
    let mut table = Table::new(["node", "attempt", "state", "started", "took", "error"]);
    for row in rows {
        let begin = Some(row.started_at_ms);
        table.row([
            name(&row.node_id, row.iteration).into(),
            row.attempt.to_string().into(),
            state_cell(&row.state),
            Cell::new(moment::ago(row.started_at_ms, now), Paint::Dim),
            took(begin, row.finished_at_ms, now)
                .unwrap_or_default()
                .into(),
            Cell::new(message(row), Paint::Red),
        ]);
    }
    table
}

/// Why an attempt failed, in its own words.
fn message(row: &AttemptRow) -> String {
    let text = row.error_json.as_deref().unwrap_or("null");
    let error: Value = serde_json::from_str(text).unwrap_or_default();
    error["message"].as_str().unwrap_or_default().to_owned()
}
