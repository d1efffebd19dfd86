//! `smithers runs descendants`: the runs below a run.

use clap::Args;
use serde::Deserialize;
use serde_json::json;
use smithers_protocol::limits::LIST_MAX;

use super::row::read;
use crate::cli::client::Connection;
use crate::cli::output::{Output, Table};

const EXAMPLES: &str = "\
Examples:
  smithers runs descendants release-42
  smithers runs descendants release-42 --json --filter-output runId,depth";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DescendantsArgs {
    /// Id of the run.
    run: String,
    /// Most runs to list, this one among them.
    #[arg(long, default_value_t = LIST_MAX as u64, value_parser = clap::value_parser!(u64).range(1..=LIST_MAX as u64))]
    limit: u64,
    #[command(flatten)]
    connection: Connection,
}

/// What the table shows of a run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relative {
    run_id: String,
    parent_run_id: Option<String>,
    depth: usize,
}

pub(super) fn run(args: &DescendantsArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({ "runId": args.run, "limit": args.limit });
    let answer = args
        .connection
        .client()?
        .call("listRunDescendants", &params)?;
    let runs: Vec<Relative> = read(&answer)?;
    output.print_table(&answer, || {
        let mut table = Table::new(["run", "parent"]);
        for run in &runs {
            let indent = "  ".repeat(run.depth);
            table.row([
                format!("{indent}{}", run.run_id).into(),
                run.parent_run_id.as_deref().unwrap_or_default().into(),
            ]);
        }
        table
    })
}
