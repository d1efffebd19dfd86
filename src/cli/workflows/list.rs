//! `smithers workflows list`.

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers workflows list
  smithers workflows list --include-system --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ListArgs {
    /// Also internal workflows.
    #[arg(long)]
    include_system: bool,
    #[command(flatten)]
    connection: Connection,
}

/// A workflow as far as the table shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkflowRow {
    key: String,
    readable_name: Option<String>,
    description: Option<String>,
    system: bool,
}

pub(super) fn run(args: &ListArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let params = json!({"includeSystem": args.include_system});
    let answer = client.call("listWorkflows", &params)?;
    let rows = Vec::<WorkflowRow>::deserialize(&answer)?;
    if rows.is_empty() {
        note("the gateway serves no workflow");
    }
    output.print_table(&answer, || table(rows))
}

fn table(rows: Vec<WorkflowRow>) -> Table {
    let mut table = Table::new(["workflow", "name", "description", ""]);
    for row in rows {
        table.row([
            row.key.into(),
            row.readable_name.unwrap_or_default().into(),
            Cell::new(row.description.unwrap_or_default(), Paint::Dim),
            Cell::new(if row.system { "internal" } else { "" }, Paint::Dim),
        ]);
    }
    table
}
