//! `smithers runs hold`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers runs hold release-42 --reason 'incident 17 is being looked into'
  smithers runs hold release-42 --release";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct HoldArgs {
    /// Id of the run.
    run: String,
    /// Why it must be kept.
    #[arg(long, value_name = "TEXT", required_unless_present = "release")]
    reason: Option<String>,
    /// Let the run go again.
    #[arg(long, conflicts_with = "reason")]
    release: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &HoldArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({"runId": args.run, "hold": !args.release, "reason": args.reason});
    let answer = args.connection.client()?.call("holdRun", &params)?;
    output.print_text(&answer, || match args.release {
        true => format!("{} may be deleted again", args.run),
        false => format!("{} is kept until it is released", args.run),
    })
}
