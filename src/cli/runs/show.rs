//! `smithers runs show`: everything about one run on a page.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use smithers_model::Timestamp;

use super::row::{NodeRow, RunRow, name, read, state_cell, took};
use crate::cli::approvals::{self, ApprovalRow};
use crate::cli::client::{Client, ClientError, Connection};
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table};

/// Most failed nodes whose errors are asked for, one call each.
const MAX_NODE_ERRORS: usize = 20;
/// Most causes of an error that are shown.
const MAX_CAUSES: usize = 8;

const EXAMPLES: &str = "\
Examples:
  smithers runs show release-42
  smithers runs show release-42 --json --filter-output run.status";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ShowArgs {
    /// Id of the run.
    run: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &ShowArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let of_run = json!({"runId": args.run});
    let run = client.call("getRun", &of_run)?;
    let mut nodes = client.call("listNodeStates", &of_run)?;
    let approvals = client.call("listApprovals", &of_run)?;
    add_errors(&client, &args.run, &mut nodes)?;
    let page = Page {
        run: read(&run)?,
        nodes: read(&nodes)?,
        approvals: read(&approvals)?,
        now: moment::now(),
    };
    let data = json!({"run": run, "nodes": nodes, "approvals": approvals});
    output.print_tables(&data, || page.tables())
}

/// Gives each failed node the error of its last attempt as a member `error`.
fn add_errors(client: &Client, run: &str, nodes: &mut Value) -> Result<(), ClientError> {
    let failed = nodes
        .as_array_mut()
        .into_iter()
        .flatten()
        .filter(|node| node["state"] == "failed");
    for node in failed.take(MAX_NODE_ERRORS) {
        let params =
            json!({"runId": run, "nodeId": node["nodeId"], "iteration": node["iteration"]});
        match client.call("getNodeOutput", &params) {
            Ok(mut answer) => node["error"] = answer["error"].take(),
            // A denied gate has no table of outputs; the run's own error tells of it.
            Err(ClientError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A node with its error.
#[derive(Debug, Deserialize)]
struct NodeLine {
    #[serde(flatten)]
    row: NodeRow,
    error: Option<Failure>,
}

/// An error as the gateway shows it.
#[derive(Debug, Deserialize)]
struct Failure {
    name: Option<String>,
    code: Option<String>,
    message: Option<String>,
    /// The message without the address of a public page.
    summary: Option<String>,
    cause: Option<Box<Failure>>,
}

impl Failure {
    /// `message [CODE]`, or `Name: message` of an error without a code.
    fn line(&self) -> String {
        let message = self.summary.as_ref().or(self.message.as_ref());
        let message = message.map_or("no message", String::as_str);
        match (&self.code, &self.name) {
            (Some(code), _) => format!("{message} [{code}]"),
            (None, Some(name)) => format!("{name}: {message}"),
            (None, None) => message.to_owned(),
        }
    }
}

struct Page {
    run: RunRow,
    nodes: Vec<NodeLine>,
    approvals: Vec<ApprovalRow>,
    now: Timestamp,
}

impl Page {
    fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.head()];
        if !self.nodes.is_empty() {
            tables.push(self.node_table());
        }
        if !self.approvals.is_empty() {
            tables.push(approvals::table(&self.approvals, self.now));
        }
        tables
    }

    fn head(&self) -> Table {
        let run = &self.run;
        let mut table = Table::pairs();
        let workflow = match run.workflow_key == run.workflow_name {
            true => run.workflow_key.clone(),
            false => format!("{} ({})", run.workflow_key, run.workflow_name),
        };
        table.pair("run", run.run_id.as_str());
        table.pair("workflow", workflow);
        table.pair("status", run.status_cell());
        let mut moment = |name, at: Option<i64>| {
            if let Some(at) = at {
                table.pair(name, moment::at(at, self.now));
            }
        };
        moment("created", Some(run.created_at_ms));
        moment("started", run.started_at_ms);
        moment("pause asked", run.pause_requested_at_ms);
        moment("cancel asked", run.cancel_requested_at_ms);
        moment("ended", run.finished_at_ms);
        if let Some(took) = run.took(self.now) {
            table.pair("took", took);
        }
        for (name, run) in [
            ("after", &run.parent_run_id),
            ("goes on as", &run.next_run_id),
        ] {
            if let Some(run) = run {
                table.pair(name, run.as_str());
            }
        }
        if let Some(user) = self.launched_by() {
            table.pair("launched by", user);
        }
        for (position, line) in self.error_lines().into_iter().enumerate() {
            let name = if position == 0 { "error" } else { "  because" };
            table.pair(name, Cell::new(line, Paint::Red));
        }
        table
    }

    /// The user of the token that launched the run.
    fn launched_by(&self) -> Option<String> {
        let config: Value = serde_json::from_str(self.run.config_json.as_deref()?).ok()?;
        Some(config["auth"]["triggeredBy"].as_str()?.to_owned())
    }

    /// The error of the run and what led to it.
    fn error_lines(&self) -> Vec<String> {
        let text = self.run.error_json.as_deref().unwrap_or("null");
        let mut next: Option<Box<Failure>> = serde_json::from_str(text).unwrap_or_default();
        let mut lines = Vec::new();
        while let Some(failure) = next.filter(|_| lines.len() <= MAX_CAUSES) {
            lines.push(failure.line());
            next = failure.cause;
        }
        lines
    }

    /// The nodes in the order in which they began; those that have not come last.
    fn node_table(&self) -> Table {
        let mut table = Table::new(["node", "state", "attempts", "started", "took", "about"]);
        let mut nodes: Vec<&NodeLine> = self.nodes.iter().collect();
        nodes.sort_by_key(|node| node.row.started_at_ms.unwrap_or(i64::MAX));
        for NodeLine { row, error } in nodes {
            let name = name(&row.node_id, row.iteration);
            let started = row.started_at_ms.map(|at| moment::ago(at, self.now));
            let about = match error {
                Some(error) => Cell::new(error.line(), Paint::Red),
                None => {
                    let label = row.label.iter().cloned();
                    let about: Vec<String> = label.chain(row.said()).collect();
                    Cell::new(about.join("; "), Paint::Dim)
                }
            };
            table.row([
                name.into(),
                state_cell(&row.state),
                row.last_attempt
                    .map(|attempt| attempt.to_string())
                    .unwrap_or_default()
                    .into(),
                Cell::new(started.unwrap_or_default(), Paint::Dim),
                took(row.started_at_ms, row.finished_at_ms, self.now)
                    .unwrap_or_default()
                    .into(),
                about,
            ]);
        }
        table
    }
}
