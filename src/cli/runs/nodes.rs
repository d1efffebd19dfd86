//! `smithers runs nodes`: where each node of a run stands.

use clap::Args;
use serde_json::json;

use super::row::{NodeRow, name, read, state_cell, took};
use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs nodes release-42
  smithers runs nodes release-42 --json --filter-output nodeId,state";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct NodesArgs {
    /// Id of the run.
    run: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &NodesArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let answer = client.call("listNodeStates", &json!({"runId": args.run}))?;
    let mut rows: Vec<NodeRow> = read(&answer)?;
    if rows.is_empty() {
        note("no nodes");
    }
    rows.sort_by_key(|row| row.started_at_ms.unwrap_or(i64::MAX));
    output.print_table(&answer, || table(&rows))
}

fn table(rows: &[NodeRow]) -> Table {
    let now = moment::now();
    let mut table = Table::new(["node", "state", "attempts", "started", "took", "label"]);
    for row in rows {
        let started = row.started_at_ms.map(|at| moment::ago(at, now));
        let attempts = row.last_attempt.map(|attempt| attempt.to_string());
        table.row([
            name(&row.node_id, row.iteration).into(),
            state_cell(&row.state),
            attempts.unwrap_or_default().into(),
            Cell::new(started.unwrap_or_default(), Paint::Dim),
            took(row.started_at_ms, row.finished_at_ms, now)
                .unwrap_or_default()
                .into(),
            Cell::new(row.label.as_deref().unwrap_or_default(), Paint::Dim),
        ]);
    }
    table
}
