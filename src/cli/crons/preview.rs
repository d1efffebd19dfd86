//! `smithers crons preview`.

use clap::Args;
use serde_json::json;
use smithers_actors::schedules::Recurrence;
use smithers_model::Timestamp;
use smithers_model::schedule::SchedulePlan;

use crate::cli::error::CliError;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers crons preview \"0 8 * * 1-5\" --zone Europe/Berlin
  smithers crons preview \"30 2 * * *\" --zone Europe/Berlin --from 2027-03-27 --count 3

The second shows what becomes of a time that a clock leaves out.";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct PreviewArgs {
    /// The pattern.
    pattern: String,
    /// Time zone whose clock the pattern means, such as Europe/Berlin; without it that of this machine.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Date, or date and time, to begin after; without it now. It means the clock of the zone unless it ends with its
    /// distance from UTC, such as Z.
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// How many firings to show.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
}

pub(super) fn run(args: &PreviewArgs, output: &Output) -> anyhow::Result<()> {
    let plan = SchedulePlan {
        pattern: args.pattern.clone(),
        time_zone: args.zone.clone(),
        ..SchedulePlan::default()
    };
    let recurrence = Recurrence::read(&plan).map_err(|error| {
        CliError::new("INVALID_INPUT", error.to_string())
            .hint("smithers crons create --help shows patterns")
    })?;
    let now = moment::now();
    let from = match &args.from {
        None => now,
        Some(text) => recurrence.moment(text).ok_or_else(|| no_moment(text))?,
    };
    let firings = std::iter::successors(recurrence.after(from), |at| recurrence.after(*at));
    let firings: Vec<Timestamp> = firings.take(args.count.into()).collect();
    if firings.is_empty() {
        note("no moment after that fits the pattern");
    }
    let rows = firings
        .iter()
        .map(|at| json!({"atMs": at.0, "at": at.to_iso(), "local": recurrence.shown(*at)}));
    output.print_table(&rows.collect::<Vec<_>>(), || {
        table(&recurrence, &firings, now)
    })
}

fn no_moment(text: &str) -> CliError {
    let message = format!("--from \"{text}\" is no moment");
    let hint =
        "write a date or a date and time: 2027-03-27, 2027-03-27T01:30:00 or 2027-03-27T01:30:00Z";
    CliError::new("INVALID_INPUT", message).hint(hint)
}

fn table(recurrence: &Recurrence, firings: &[Timestamp], now: Timestamp) -> Table {
    let mut table = Table::new(["local", "utc", ""]);
    for at in firings {
        let distance = match at.0 > now.0 {
            true => moment::until(at.0, now),
            false => moment::ago(at.0, now),
        };
        table.row([
            recurrence.shown(*at).into(),
            at.to_iso().into(),
            Cell::new(distance, Paint::Dim),
        ]);
    }
    table
}
