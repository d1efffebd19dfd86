//! `smithers runs signal`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::Connection;
use crate::cli::error::CliError;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers runs signal release-42 deploy.done
  smithers runs signal release-42 deploy.done --correlation env-1 --data '{\"sha\": \"abc\"}'";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct SignalArgs {
    /// Id of the run.
    run: String,
    /// Name of the signal; a Signal waits for its own id.
    signal: String,
    /// Tells signals of one name apart.
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// What the signal tells, as JSON; put no secrets into it.
    #[arg(long, value_name = "JSON")]
    data: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &SignalArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({
        "runId": args.run,
        "signalName": args.signal,
        "correlationId": args.correlation,
        "data": data_of(args)?,
    });
    let answer = args.connection.client()?.call("submitSignal", &params)?;
    output.print_text(&answer, || {
        format!(
            "{} has signal {} of it: {}",
            args.run, answer["seq"], args.signal
        )
    })
}

fn data_of(args: &SignalArgs) -> anyhow::Result<Value> {
    let text = args.data.as_deref().unwrap_or("{}");
    serde_json::from_str(text).map_err(|error| {
        let message = format!("--data holds no JSON: {error}");
        CliError::new("INVALID_INPUT", message).into()
    })
}
