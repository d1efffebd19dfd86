//! `smithers runs fork` and `smithers runs replay`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::input::InputArgs;
use crate::cli::output::{Output, note};

const FORK_EXAMPLES: &str = "\
The copy begins paused, so that it can be looked at first; the run itself stays as it is.

Examples:
  smithers runs fork release-42 7
  smithers runs fork release-42 7 --run-id release-42-b --label 'other reviewer'
  smithers runs fork release-42 7 --reset review --input '{\"reviewer\": \"bo\"}'
  smithers runs resume release-42-b";
const REPLAY_EXAMPLES: &str = "\
As `smithers runs fork`, and the copy goes on at once.

Examples:
  smithers runs replay release-42 7
  smithers runs replay release-42 0 --accept-workflow-change";

/// What was typed after `fork`.
#[derive(Debug, Args)]
#[command(after_help = FORK_EXAMPLES)]
pub(in crate::cli) struct ForkArgs {
    #[command(flatten)]
    copy: CopyArgs,
}

/// What was typed after `replay`.
#[derive(Debug, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(in crate::cli) struct ReplayArgs {
    #[command(flatten)]
    copy: CopyArgs,
}

/// What is copied, and what differs in the copy.
#[derive(Debug, Args)]
struct CopyArgs {
    /// Id of the run to copy.
    run: String,
    /// The frame at which it is copied; 0 is its beginning.
    frame: u32,
    /// Id of the copy [default: a random one]
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// What the copy is called.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// What the copy is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A task that begins anew in the copy, with `::<iteration>` where that is not 0; repeatable.
    #[arg(long, value_name = "NODE")]
    reset: Vec<String>,
    #[command(flatten)]
    input: InputArgs,
    /// The copy goes on with the workflow as it is now.
    #[arg(long)]
    accept_workflow_change: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn fork(args: &ForkArgs, output: &Output) -> anyhow::Result<()> {
    let copy = make(&args.copy, false, output)?;
    note(&format!("let it go on: smithers runs resume {copy}"));
    Ok(())
}

pub(super) fn replay(args: &ReplayArgs, output: &Output) -> anyhow::Result<()> {
    let copy = make(&args.copy, true, output)?;
    note(&format!("follow it: smithers runs events {copy} --follow"));
    Ok(())
}

fn make(args: &CopyArgs, start: bool, output: &Output) -> anyhow::Result<String> {
    let params = json!({
        "runId": args.run,
        "frameNo": args.frame,
        "newRunId": args.run_id,
        "label": args.label,
        "description": args.description,
        "input": args.input.read()?.unwrap_or_default(),
        "resetNodes": args.reset,
        "start": start,
        "acceptWorkflowChange": args.accept_workflow_change,
    });
    let answer = args.connection.client()?.call("runs.fork", &params)?;
    let copy = answer["runId"].as_str().unwrap_or_default().to_owned();
    output.print_text(&answer, || {
        format!("{copy} is a copy of {} at frame {}", args.run, args.frame)
    })?;
    Ok(copy)
}
