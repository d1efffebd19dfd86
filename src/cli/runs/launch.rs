//! `smithers runs launch`.

use clap::Args;
use serde_json::json;

use super::events;
use super::follow::{Ended, Item, Until, follow};
use crate::cli::client::{Client, Connection};
use crate::cli::error::CliError;
use crate::cli::input::InputArgs;
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
    #[command(flatten)]
    input: InputArgs,
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
        "input": args.input.read()?.unwrap_or_default(),
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
    follow_to_the_last(&client, run.to_owned(), output)
}

/// Follows a run, and those that go on in its place; fails when the last of them does.
fn follow_to_the_last(client: &Client, mut run: String, output: &Output) -> anyhow::Result<()> {
    loop {
        let ended = follow(client, &run, 0, Until::Ended, |item| {
            events::print(item, output)?;
            tell_of_wait(&run, item);
            Ok(())
        })?;
        let Some(Ended { status, next }) = ended else {
            return Ok(());
        };
        if let Some(next) = next {
            note(&format!("{run} goes on as {next}"));
            run = next;
            continue;
        }
        return match status.as_str() {
            "finished" => Ok(()),
            status => Err(
                CliError::new("RUN_NOT_FINISHED", format!("{run} is {status}"))
                    .hint(format!("see what happened: smithers runs show {run}"))
                    .into(),
            ),
        };
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
