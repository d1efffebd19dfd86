//! `smithers token audit`.

use clap::Args;
use serde_json::Value;
use smithers_model::Timestamp;
use smithers_tokens::{Trail, read_audit};

use super::{store, time};
use crate::cli::error::CliError;
use crate::cli::output::{Cell, Output, Table, warn};

const EXAMPLES: &str = "\
Examples:
  smithers token audit --since 24h
  smithers token audit --token-id 54014a2e7e38c8fd --format jsonl
  smithers token audit --verify";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AuditArgs {
    /// Only records younger than this.
    #[arg(long, value_name = "DURATION")]
    since: Option<String>,
    /// Only records of this token.
    #[arg(long, value_name = "ID")]
    token_id: Option<String>,
    /// Fail when a record was changed, removed or put in between.
    #[arg(long)]
    verify: bool,
}

pub(super) fn run(args: &AuditArgs, output: &Output) -> anyhow::Result<()> {
    let age = args.since.as_deref().map(time::duration).transpose()?;
    let begin = age.map(|age| Timestamp(store::now().0 - age.as_millis() as i64));
    let is_wanted = |record: &Value| {
        let is_young = begin.is_none_or(|begin| record["atMs"].as_i64() >= Some(begin.0));
        is_young && args.token_id.as_ref().is_none_or(|id| names(record, id))
    };
    let ledger = store::ledger()?;
    let mut records = Vec::new();
    let trail = read_audit(ledger.path(), |record| {
        if is_wanted(&record) {
            records.push(record);
        }
    });
    let trail = trail.map_err(store::told)?;
    output.print_table(&records, || table(&records))?;
    judge(&trail, args.verify)
}

/// Tells whether a record is about a token.
fn names(record: &Value, id: &str) -> bool {
    let is_it = |value: &Value| value.as_str() == Some(id);
    let mut many = record["tokenIds"].as_array().into_iter().flatten();
    is_it(&record["tokenId"]) || is_it(&record["newTokenId"]) || many.any(is_it)
}

/// Says what is wrong with the trail; fails when that was asked for.
fn judge(trail: &Trail, verify: bool) -> anyhow::Result<()> {
    let problem = match (trail.broken_at, trail.damaged.as_slice()) {
        (Some(line), _) => {
            format!("line {line} of the audit trail does not follow the one before it")
        }
        (None, [line, ..]) => format!("line {line} of the audit trail is no record"),
        (None, []) => return Ok(()),
    };
    if verify {
        let hint =
            "compare with a copy; records were changed, or a process was killed while it wrote one";
        return Err(CliError::new("TOKEN_AUDIT_BROKEN", problem)
            .hint(hint)
            .into());
    }
    warn(&problem);
    Ok(())
}

fn table(records: &[Value]) -> Table {
    let mut table = Table::new(["at", "type", "token", "action", "actor", "detail"]);
    for record in records {
        let text = |name: &str| record[name].as_str().unwrap_or("-").to_owned();
        let at = time::shown(record["atMs"].as_i64().map(Timestamp));
        let actor = record["actor"]["user"].as_str().unwrap_or("-").to_owned();
        let cells = [
            at,
            text("type"),
            text("tokenId"),
            text("actionId"),
            actor,
            detail(record),
        ];
        table.row(cells.map(Cell::from));
    }
    table
}

/// Sums up what else a record says.
fn detail(record: &Value) -> String {
    let list = |name: &str| {
        let items = record[name].as_array().into_iter().flatten();
        items
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    };
    match record["type"].as_str().unwrap_or_default() {
        "issued" | "action_issued" | "action_used" => list("scopes"),
        "action_finished" => format!("exit {}", record["exitStatus"]),
        "action_denied" | "revoked" => record["reason"].as_str().unwrap_or_default().to_owned(),
        "rotated" => format!("to {}", record["newTokenId"].as_str().unwrap_or_default()),
        "pruned" | "upgraded" => list("tokenIds"),
        _ => String::new(),
    }
}
