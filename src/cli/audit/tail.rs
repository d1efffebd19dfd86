//! `smithers audit tail`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use smithers_model::Timestamp;
use smithers_store::read::AuditEntry;

use super::{PAGE, Trail};
use crate::cli::database::DatabaseArgs;
use crate::cli::output::Output;

/// How often new rows are looked for.
const INTERVAL: Duration = Duration::from_millis(500);

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smithers audit tail -n 50
  smithers audit tail --follow --json")]
pub(crate) struct TailArgs {
    /// How many of the newest rows.
    #[arg(short = 'n', long, value_name = "ROWS", default_value_t = 20)]
    lines: u64,
    /// Go on with the rows to come, until it is interrupted.
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &TailArgs, output: &Output) -> anyhow::Result<()> {
    let config = args.database.read(BTreeMap::new())?;
    let mut seq = Trail::open(&config)?
        .last()?
        .map_or(0, |row| row.seq.saturating_sub(args.lines));
    loop {
        // Opened anew each time, so that the log of the gateway can be folded in between.
        let trail = Trail::open(&config)?;
        loop {
            let rows = trail.after(seq, PAGE)?;
            let Some(last) = rows.last() else { break };
            seq = last.seq;
            for row in &rows {
                output.print_item(row, || vec![line(row)])?;
            }
        }
        if !args.follow {
            return Ok(());
        }
        drop(trail);
        std::thread::sleep(INTERVAL);
    }
}

/// One row for people.
fn line(row: &AuditEntry) -> String {
    let record = &row.record;
    let by = record.actor_id.as_deref().or(record.token_id.as_deref());
    let about = [
        record.run_id.as_ref().map(|run| run.as_str()),
        record.subject.as_deref(),
    ];
    let about: Vec<&str> = about.into_iter().flatten().collect();
    let line = format!(
        "{:>6}  {}  {:<14} {:<10} {:<9} {:<16} {}",
        row.seq,
        Timestamp(record.at.0).to_iso(),
        record.kind,
        record.outcome,
        record.channel.as_str().unwrap_or("-"),
        by.unwrap_or("-"),
        about.join(" "),
    );
    line.trim_end().to_owned()
}
