//! `smithers runs delete`: named runs, or all that ended long enough ago.

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use smithers_model::run::RunStatus;
use smithers_protocol::limits::LIST_MAX;

use super::row::{RunRow, parse_status, read, state_cell};
use crate::cli::client::{Client, ClientError, Connection, Refusal};
use crate::cli::error::CliError;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

/// Runs that one command looks through for those that ended long enough ago.
const MAX_LOOKED_AT: usize = 1_000_000;
/// Runs between two words about the progress.
const PROGRESS_STEP: usize = 100;

const EXAMPLES: &str = "\
Examples:
  smithers runs delete release-42 --dry-run
  smithers runs delete release-42 release-43 --confirm
  smithers runs delete --finished-before 30d --status failed,finished --confirm";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DeleteArgs {
    /// Ids of the runs.
    #[arg(required_unless_present = "finished_before")]
    runs: Vec<String>,
    /// All runs that ended longer ago than this, such as 30d or 12h.
    #[arg(long, value_name = "AGE", value_parser = moment::parse_age, conflicts_with = "runs")]
    finished_before: Option<Duration>,
    /// With --finished-before: only runs in these statuses [default: finished,failed,cancelled]
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = parse_end, requires = "finished_before")]
    status: Vec<RunStatus>,
    /// With --finished-before: only runs of the workflow with this key.
    #[arg(long, value_name = "KEY", requires = "finished_before")]
    workflow: Option<String>,
    /// Also delete the children of the runs.
    #[arg(long)]
    with_children: bool,
    /// Why, for the tombstone and the audit trail.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Say what would be deleted, and delete nothing.
    #[arg(long, conflicts_with = "confirm")]
    dry_run: bool,
    /// Delete; what is deleted comes back from a backup only.
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Reads the name of a status in which a run has ended.
fn parse_end(text: &str) -> Result<RunStatus, String> {
    let status = parse_status(text)?;
    match status.is_terminal() {
        true => Ok(status),
        false => Err("only runs that have ended are deleted: finished, failed, cancelled".into()),
    }
}

pub(super) fn run(args: &DeleteArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let runs = match args.finished_before {
        Some(age) => ended_before(&client, args, age)?,
        None => args.runs.clone(),
    };
    if !args.dry_run && !args.confirm {
        return Err(unconfirmed(&runs).into());
    }
    if runs.is_empty() {
        note("no runs ended that long ago");
    }
    let mut results = Vec::with_capacity(runs.len());
    for (done, run) in runs.iter().enumerate() {
        results.push(Deletion::of(&client, run, args)?);
        if (done + 1) % PROGRESS_STEP == 0 {
            note(&format!("{} of {} runs", done + 1, runs.len()));
        }
    }
    let data: Vec<&Value> = results.iter().map(|result| &result.data).collect();
    output.print_table(&data, || table(&results, args.dry_run))?;
    let refused = results
        .iter()
        .filter(|result| result.refusal.is_some())
        .count();
    match refused {
        0 => Ok(()),
        refused => Err(CliError::new(
            "NOT_ALL_DELETED",
            format!("{refused} of {} runs were not deleted", results.len()),
        )
        .into()),
    }
}

fn unconfirmed(runs: &[String]) -> CliError {
    let what = match runs {
        [one] => format!("the run {one}"),
        many => format!("{} runs", many.len()),
    };
    CliError::new(
        "CONFIRMATION_REQUIRED",
        format!("{what} would be deleted for good"),
    )
    .hint("see what goes with --dry-run, then add --confirm")
}

/// Collects the ids before anything is deleted, since deleting moves the pages of a list.
fn ended_before(client: &Client, args: &DeleteArgs, age: Duration) -> anyhow::Result<Vec<String>> {
    let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let limit = moment::now().0.saturating_sub(age_ms);
    let statuses = match args.status.as_slice() {
        [] => RunStatus::ALL,
        chosen => chosen,
    };
    let mut found = Vec::new();
    for status in statuses.iter().filter(|status| status.is_terminal()) {
        for offset in (0..MAX_LOOKED_AT).step_by(LIST_MAX) {
            let filter = json!({"status": status.as_str(), "workflow": args.workflow, "limit": LIST_MAX, "offset": offset, "includeSystem": true});
            let rows: Vec<RunRow> = read(&client.call("listRuns", &json!({"filter": filter}))?)?;
            let is_last = rows.len() < LIST_MAX;
            let is_old = |row: &RunRow| row.finished_at_ms.is_some_and(|ended| ended < limit);
            found.extend(rows.into_iter().filter(is_old).map(|row| row.run_id));
            if is_last {
                break;
            }
        }
    }
    Ok(found)
}

/// What came of one run that was named or found.
struct Deletion {
    run: String,
    /// What went with it, or would.
    gone: Vec<GoneRow>,
    /// Why nothing did.
    refusal: Option<String>,
    data: Value,
}

/// A run that went.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GoneRow {
    run_id: String,
    workflow: String,
    status: String,
    events: u64,
    nodes: u64,
    outputs: u64,
}

impl Deletion {
    /// Deletes a run. A refusal concerns this run alone; a lost gateway ends the command.
    fn of(client: &Client, run: &str, args: &DeleteArgs) -> anyhow::Result<Self> {
        let params = json!({
            "runId": run,
            "withChildren": args.with_children,
            "dryRun": args.dry_run,
            "reason": args.reason,
        });
        let mut deletion = Self {
            run: run.to_owned(),
            gone: Vec::new(),
            refusal: None,
            data: Value::Null,
        };
        match delete_patiently(client, &params) {
            Ok(answer) => {
                deletion.gone = read(&answer["runs"])?;
                deletion.data = answer;
            }
            Err(ClientError::Refused(refusal)) if concerns_one(&refusal) => {
                let error = json!({"code": refusal.code, "message": refusal.message});
                deletion.data = json!({"runId": run, "error": error});
                deletion.refusal = Some(format!("{} [{}]", refusal.message, refusal.code));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(deletion)
    }
}

/// Deletes a run, and waits as long as the gateway asks for when the command is faster than it may be.
fn delete_patiently(client: &Client, params: &Value) -> Result<Value, ClientError> {
    loop {
        let answer = client.call("deleteRun", params);
        let Err(ClientError::Refused(refusal)) = &answer else {
            return answer;
        };
        let Some(pause) = refusal.retry_after else {
            return answer;
        };
        note(&format!(
            "the gateway asks for a pause of {} s",
            pause.as_secs()
        ));
        std::thread::sleep(pause);
    }
}

/// Whether a refusal says something about the run, and nothing about the caller or the gateway.
fn concerns_one(refusal: &Refusal) -> bool {
    let concerns_all = matches!(
        refusal.code.as_str(),
        "UNAUTHORIZED"
            | "FORBIDDEN"
            | "METHOD_NOT_FOUND"
            | "METHOD_NOT_AVAILABLE"
            | "INVALID_REQUEST"
    );
    !concerns_all && !refusal.is_passing()
}

fn table(results: &[Deletion], dry_run: bool) -> Table {
    let head = [
        "run", "workflow", "status", "events", "nodes", "outputs", "outcome",
    ];
    let mut table = Table::new(head);
    let outcome = match dry_run {
        true => Cell::new("would go", Paint::Yellow),
        false => Cell::new("deleted", Paint::Green),
    };
    for result in results {
        for row in &result.gone {
            table.row([
                row.run_id.as_str().into(),
                row.workflow.as_str().into(),
                state_cell(&row.status),
                row.events.to_string().into(),
                row.nodes.to_string().into(),
                row.outputs.to_string().into(),
                outcome.clone(),
            ]);
        }
        if let Some(refusal) = &result.refusal {
            let nothing = ["", "", "", "", ""].map(Cell::from);
            let refusal = Cell::new(refusal, Paint::Red);
            table.row(
                [Cell::from(&result.run)]
                    .into_iter()
                    .chain(nothing)
                    .chain([refusal]),
            );
        }
    }
    table
}
