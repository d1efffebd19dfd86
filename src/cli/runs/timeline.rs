//! `smithers runs timeline`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs timeline release-42
  smithers runs timeline release-42 --json --filter-output rewinds";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct TimelineArgs {
    /// Id of the run.
    run: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &TimelineArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({ "runId": args.run });
    let answer = args.connection.client()?.call("runs.timeline", &params)?;
    output.print_table(&answer, || table(&answer))?;
    if let Some(parent) = answer["forkOf"]["runId"].as_str() {
        let frame = &answer["forkOf"]["frameNo"];
        note(&format!("a copy of {parent} at frame {frame}"));
    }
    for rewind in answer["rewinds"].as_array().into_iter().flatten() {
        note(&told(rewind));
    }
    Ok(())
}

fn table(answer: &Value) -> Table {
    let now = moment::now();
    let mut table = Table::new(["frame", "after", "forks", "created"]);
    for frame in answer["frames"].as_array().into_iter().flatten() {
        let created = frame["createdAtMs"].as_i64().unwrap_or_default();
        let after = frame["trigger"]["reason"].as_str().unwrap_or("start");
        let forks = frame["forks"].as_array().into_iter().flatten();
        let forks: Vec<&str> = forks.filter_map(|fork| fork["runId"].as_str()).collect();
        table.row([
            frame["frameNo"].to_string().into(),
            after.into(),
            forks.join(", ").into(),
            Cell::new(moment::ago(created, now), Paint::Dim),
        ]);
    }
    table
}

fn told(rewind: &Value) -> String {
    let at = rewind["timestampMs"].as_i64().unwrap_or_default();
    format!(
        "{} {}: from frame {} to {}, {}",
        moment::at(at, moment::now()),
        rewind["caller"].as_str().unwrap_or_default(),
        rewind["fromFrameNo"],
        rewind["toFrameNo"],
        rewind["result"].as_str().unwrap_or_default(),
    )
}
