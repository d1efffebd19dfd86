//! `smithers approvals show`: one question with all that a person needs to answer it.

use clap::Args;

use super::choice::{Choice, waiting};
use crate::cli::client::Connection;
use crate::cli::error::CliError;
use crate::cli::moment;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers approvals show release-42
  smithers approvals show release-42 ship --json --filter-output requestDigest";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ShowArgs {
    /// Id of the run.
    run: String,
    /// Node that waits; not needed when only one does.
    node: Option<String>,
    /// Iteration of the node, from 0.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "node")]
    iteration: u32,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &ShowArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let choice = Choice::of(args.node.as_deref(), args.iteration);
    let rows = waiting(&client, &args.run)?;
    let keys = rows.iter().map(|(_, row)| row.key()).collect();
    let node = choice.among(&args.run, keys)?;
    let Some((data, row)) = rows.into_iter().find(|(_, row)| row.key() == node) else {
        let message = format!("{node} of {} waits for no decision", args.run);
        return Err(CliError::new("NOTHING_WAITS", message)
            .hint(format!("see what it does: smithers runs show {}", args.run))
            .into());
    };
    output.print_tables(&data, || vec![row.page(moment::now())])
}
