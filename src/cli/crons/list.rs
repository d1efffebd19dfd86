//! `smithers crons list`.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use smithers_model::Timestamp;

use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers crons list
  smithers crons list --workflow report --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ListArgs {
    /// Only schedules of the workflow with this key.
    #[arg(long, value_name = "KEY")]
    workflow: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

/// A schedule as far as tables show it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CronRow {
    cron_id: String,
    pattern: String,
    workflow: String,
    enabled: bool,
    last_run_at_ms: Option<i64>,
    next_run_at_ms: Option<i64>,
    error_json: Option<String>,
    time_zone: Option<String>,
}

impl CronRow {
    fn next(&self, now: Timestamp) -> Cell {
        match (self.enabled, self.next_run_at_ms) {
            (false, _) => Cell::new("disabled", Paint::Dim),
            (true, Some(at)) => moment::until(at, now).into(),
            (true, None) => Cell::new("never", Paint::Dim),
        }
    }

    /// Why the firing that is overdue failed.
    fn problem(&self) -> String {
        let stored = self.error_json.as_deref();
        let error: Option<Value> = stored.and_then(|text| serde_json::from_str(text).ok());
        let message = error.and_then(|error| Some(error["message"].as_str()?.to_owned()));
        message.unwrap_or_default()
    }
}

pub(super) fn run(args: &ListArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({"filter": {"workflow": args.workflow}});
    let answer = args.connection.client()?.call("cronList", &params)?;
    let rows = Vec::<CronRow>::deserialize(&answer)?;
    if rows.is_empty() {
        note("no schedules; make one: smithers crons create WORKFLOW \"0 8 * * 1-5\"");
    }
    output.print_table(&answer, || table(&rows, moment::now()))
}

fn table(rows: &[CronRow], now: Timestamp) -> Table {
    let head = [
        "cron", "workflow", "pattern", "zone", "next", "last", "problem",
    ];
    let mut table = Table::new(head);
    for row in rows {
        let last = row.last_run_at_ms.map(|at| moment::ago(at, now));
        table.row([
            row.cron_id.as_str().into(),
            row.workflow.as_str().into(),
            row.pattern.as_str().into(),
            Cell::new(row.time_zone.as_deref().unwrap_or("local"), Paint::Dim),
            row.next(now),
            Cell::new(last.unwrap_or_default(), Paint::Dim),
            Cell::new(row.problem(), Paint::Red),
        ]);
    }
    table
}
