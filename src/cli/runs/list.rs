//! `smithers runs list`.

use clap::Args;
use serde_json::json;
use smithers_model::run::RunStatus;
use smithers_protocol::limits::{LIST_MAX, LIST_RUNS_DEFAULT};

use super::row::{RunRow, parse_status, read};
use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs list
  smithers runs list --status failed --workflow release --limit 10
  smithers runs list --json --filter-output runId,status";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ListArgs {
    /// Only runs in this status: running, waiting-approval, finished, failed or cancelled.
    #[arg(long, value_parser = parse_status)]
    status: Option<RunStatus>,
    /// Only runs of the workflow with this key.
    #[arg(long, value_name = "KEY")]
    workflow: Option<String>,
    /// Most runs to list.
    #[arg(long, default_value_t = LIST_RUNS_DEFAULT as u64, value_parser = clap::value_parser!(u64).range(1..=LIST_MAX as u64))]
    limit: u64,
    /// Runs to leave out, counted from the newest.
    #[arg(long, default_value_t = 0)]
    offset: u64,
    /// Also runs of internal workflows.
    #[arg(long)]
    include_system: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &ListArgs, output: &Output) -> anyhow::Result<()> {
    let filter = json!({
        "status": args.status.map(RunStatus::as_str),
        "workflow": args.workflow,
        "limit": args.limit,
        "offset": args.offset,
        "includeSystem": args.include_system,
    });
    let answer = args
        .connection
        .client()?
        .call("listRuns", &json!({"filter": filter}))?;
    let rows: Vec<RunRow> = read(&answer)?;
    if rows.is_empty() {
        note("no runs");
    } else if rows.len() as u64 == args.limit {
        let next = args.offset + args.limit;
        note(&format!(
            "the newest {} are shown; there may be more: --offset {next}",
            rows.len()
        ));
    }
    output.print_table(&answer, || table(&rows))
}

fn table(rows: &[RunRow]) -> Table {
    let now = moment::now();
    let mut table = Table::new(["run", "workflow", "status", "created", "took"]);
    for row in rows {
        table.row([
            row.run_id.as_str().into(),
            row.workflow_key.as_str().into(),
            row.status_cell(),
            Cell::new(moment::ago(row.created_at_ms, now), Paint::Dim),
            row.took(now).unwrap_or_default().into(),
        ]);
    }
    table
}
