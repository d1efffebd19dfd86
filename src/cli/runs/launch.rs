//! `smithers runs launch`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};
use smithers_protocol::limits::MAX_INPUT_BYTES;

use super::events;
use super::follow::{Item, Until, follow};
use crate::cli::client::Connection;
use crate::cli::error::CliError;
use crate::cli::output::{Output, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs launch release --input '{\"version\": \"1.2.3\"}'
  smithers runs launch release --input-file input.json --run-id release-42 --follow
  jq -n '{version: \"1.2.3\"}' | smithers runs launch release --input-file -";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct LaunchArgs {
    /// Key of the workflow.
    workflow: String,
    /// Input as a JSON object; put no secrets into it.
    #[arg(long, value_name = "JSON", conflicts_with = "input_file")]
    input: Option<String>,
    /// File with the input, or - for standard input.
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
    /// Id that the run shall have; without it the gateway makes one.
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// Launches of the workflow with the same key are one launch: the second answers the first run.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Print the events until the run ends; the command fails when the run does.
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &LaunchArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let params = json!({
        "workflow": args.workflow,
        "input": input(args)?,
        "runId": args.run_id,
        "idempotencyKey": args.idempotency_key,
        "options": {"startedBy": {"harness": "smithers-cli"}},
    });
    let answer = client.call("launchRun", &params)?;
    let run = answer["runId"].as_str().unwrap_or_default();
    if !args.follow {
        output.print_text(&answer, || format!("launched {run}"))?;
        note(&format!("follow it: smithers runs events {run} --follow"));
        return Ok(());
    }
    note(&format!("launched {run}"));
    let status = follow(&client, run, 0, Until::Ended, |item| {
        events::print(item, output)?;
        tell_of_wait(run, item);
        Ok(())
    })?;
    match status.as_deref() {
        Some("finished") | None => Ok(()),
        Some(status) => Err(
            CliError::new("RUN_NOT_FINISHED", format!("{run} is {status}"))
                .hint(format!("see what happened: smithers runs show {run}"))
                .into(),
        ),
    }
}

/// Somebody has to decide before the run goes on: says how.
fn tell_of_wait(run: &str, item: &Item<'_>) {
    if let Item::Event {
        name: "approval.requested",
        payload,
        ..
    } = item
    {
        let node = payload["nodeId"].as_str().unwrap_or_default();
        note(&format!(
            "{run} waits for a decision: smithers approvals approve {run} {node}"
        ));
    }
}

/// Reads the input; the gateway would take anything but an object for an empty one.
fn input(args: &LaunchArgs) -> anyhow::Result<Map<String, Value>> {
    let (text, place) = match (&args.input, &args.input_file) {
        (Some(text), _) => (text.clone(), "--input".to_owned()),
        (None, Some(path)) => (read(path)?, format!("`{}`", path.display())),
        (None, None) => return Ok(Map::new()),
    };
    let refuse = |problem: String| CliError::new("INVALID_INPUT", format!("{place} {problem}"));
    match serde_json::from_str(&text) {
        Ok(Value::Object(input)) => Ok(input),
        Ok(_) => Err(refuse("holds no JSON object".into()).into()),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(refuse(format!("holds no JSON: line {line}, column {column}")).into())
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let refuse = |problem: &dyn std::fmt::Display| {
        let place = path.display();
        CliError::new(
            "INVALID_INPUT",
            format!("`{place}` cannot be read: {problem}"),
        )
    };
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(File::open(path).map_err(|error| refuse(&error))?),
    };
    let mut text = String::new();
    // One more than may be, to tell too much from just enough.
    source
        .take(MAX_INPUT_BYTES as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| refuse(&error))?;
    match text.len() > MAX_INPUT_BYTES {
        true => Err(refuse(&format!("it is larger than {MAX_INPUT_BYTES} bytes")).into()),
        false => Ok(text),
    }
}
