//! `smithers crons delete`.

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::output::{Output, note};

const EXAMPLES: &str = "\
Example:
  smithers crons delete sync";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DeleteArgs {
    /// Id of the schedule.
    cron: String,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &DeleteArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let answer = client.call("cronDelete", &json!({"cronId": args.cron}))?;
    if args.cron.starts_with("gateway:") {
        note("a schedule that the module asks for comes back when the module is loaded again");
    }
    output.print_text(&answer, || format!("{} is removed", args.cron))
}
