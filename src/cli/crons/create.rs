//! `smithers crons create`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers crons create report \"0 8 * * 1-5\" --zone Europe/Berlin
  smithers crons create sync \"*/10 * * * *\" --id sync --overlap skip
  smithers crons create cleanup @daily --catch-up none

A pattern has five fields (minute, hour, day of month, month, day of week), six with seconds in front, or is a word
such as @daily.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CreateArgs {
    /// Key of the workflow; it must accept an empty input.
    workflow: String,
    /// When to launch it.
    pattern: String,
    /// Id of the schedule; one of the same id is replaced. Without it the gateway makes one.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Time zone whose clock the pattern means, such as Europe/Berlin; without it that of the gateway's machine.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// While the run before has not ended: launch another one beside it, or skip the firing.
    #[arg(long, default_value = "allow", value_parser = PossibleValuesParser::new(["allow", "skip"]))]
    overlap: String,
    /// For firings that the gateway missed while it was down: one run for all, one for each, or none.
    #[arg(long, default_value = "one", value_parser = PossibleValuesParser::new(["one", "all", "none"]))]
    catch_up: String,
    /// Store it without letting it fire.
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &CreateArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({
        "workflow": args.workflow,
        "pattern": args.pattern,
        "cronId": args.id,
        "timeZone": args.zone,
        "overlap": args.overlap,
        "catchUp": args.catch_up,
        "enabled": !args.disabled,
    });
    let answer = args.connection.client()?.call("cronCreate", &params)?;
    output.print_text(&answer, || {
        let id = answer["cronId"].as_str().unwrap_or_default();
        let next = answer["nextRunAtMs"].as_i64().unwrap_or_default();
        match args.disabled {
            true => format!("{id} is stored and does not fire"),
            false => format!(
                "{id} launches {} {}",
                args.workflow,
                moment::until(next, moment::now())
            ),
        }
    })
}
