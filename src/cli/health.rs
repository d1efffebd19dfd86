//! `smithers health`: whether a gateway answers, accepts writes and takes the token.

use clap::Args;
use serde_json::{Value, json};

use super::client::Connection;
use super::error::CliError;
use super::moment;
use super::output::{Cell, Output, Paint, Table};

const EXAMPLES: &str = "\
Examples:
  smithers health
  smithers health --url https://smithers.example.org --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct HealthArgs {
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &HealthArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let mut health = client.health()?;
    let is_ok = health["ok"] == true;
    // With a token the gateway says more; without one, whether it is up is all that can be asked.
    if client.has_token() && is_ok {
        let known = client.call("health", &json!({}))?;
        health["uptimeMs"] = known["uptimeMs"].clone();
        health["identity"] = known["identity"].clone();
    }
    output.print_tables(&health, || vec![table(&client.address(), &health)])?;
    match is_ok {
        true => Ok(()),
        false => Err(
            CliError::new("UNAVAILABLE", "the gateway answers, but accepts no writes")
                .hint("its log says why; `smithers doctor` looks for the reason")
                .into(),
        ),
    }
}

fn table(address: &str, health: &Value) -> Table {
    let state = match health["ok"] == true {
        true => Cell::new("ok", Paint::Green),
        false => Cell::new("degraded", Paint::Red),
    };
    let mut table = Table::pairs();
    table.pair("gateway", address);
    table.pair("state", state);
    if let Some(started) = health["identity"]["startedAtMs"].as_i64() {
        table.pair("started", moment::at(started, moment::now()));
    }
    if let Some(pid) = health["identity"]["pid"].as_u64() {
        table.pair("process", pid.to_string());
    }
    table.pair("state version", health["stateVersion"].to_string());
    table
}
