//! `smithers runs scores`: what scorers have said of the results of one or more runs.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::row::{name, read};
use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs scores release-42
  smithers runs scores release-41 release-42 --node review
  smithers runs scores release-42 --scorer faithfulness --newest --limit 20
  smithers runs scores release-42 --score 4be0a6d1c4f5e0b2a7c9d3e8f1a2b3c4 --json";

/// Scores below this are shown as bad, those from the second on as good.
const BAD_AND_GOOD: (f64, f64) = (0.5, 0.8);

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ScoresArgs {
    /// Ids of the runs, at most 30.
    #[arg(required = true, num_args = 1..=30, value_name = "RUN")]
    runs: Vec<String>,
    /// Only scores of the results of this node.
    #[arg(long, value_name = "ID")]
    node: Option<String>,
    /// Only scores by scorers of this id.
    #[arg(long, value_name = "ID")]
    scorer: Option<String>,
    /// The newest first.
    #[arg(long)]
    newest: bool,
    /// Leave out so many scores at the beginning.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..10_000))]
    offset: u32,
    /// Show so many scores at most, from 1 to 500.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Show one score of one run, with what the scorer was told.
    #[arg(long, value_name = "ID", conflicts_with_all = ["node", "scorer", "newest", "offset", "limit"])]
    score: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

/// What the table shows of a score.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScoreRow {
    score_id: String,
    run_id: String,
    node_id: String,
    iteration: u32,
    attempt: u32,
    scorer_name: String,
    score: f64,
    reason: Option<String>,
    scored_at_ms: i64,
}

pub(super) fn run(args: &ScoresArgs, output: &Output) -> anyhow::Result<()> {
    match &args.score {
        Some(score) => show(args, score, output),
        None => list(args, output),
    }
}

fn list(args: &ScoresArgs, output: &Output) -> anyhow::Result<()> {
    let order = if args.newest {
        "scoredAtDesc"
    } else {
        "scoredAtAsc"
    };
    let params = json!({
        "runIds": args.runs,
        "nodeId": args.node,
        "scorerId": args.scorer,
        "order": order,
        "offset": args.offset,
        "limit": args.limit,
    });
    let client = args.connection.client()?;
    let answer = client.call("listScoresForRuns", &params)?;
    let rows: Vec<ScoreRow> = read(&answer["rows"])?;
    let total = answer["total"].as_u64().unwrap_or_default();
    let seen = u64::from(args.offset) + rows.len() as u64;
    if total == 0 {
        note("no scores");
    } else if seen < total {
        note(&format!(
            "{} of {total} scores; go on with --offset {seen}",
            rows.len()
        ));
    }
    output.print_table(&answer, || table(&rows, args.runs.len() > 1))
}

fn table(rows: &[ScoreRow], are_of_several: bool) -> Table {
    let now = moment::now();
    let mut table = Table::new([
        "node", "attempt", "scorer", "score", "reason", "given", "id",
    ]);
    for row in rows {
        let node = name(&row.node_id, row.iteration);
        let node = match are_of_several {
            true => format!("{}: {node}", row.run_id),
            false => node,
        };
        table.row([
            node.into(),
            row.attempt.to_string().into(),
            (&row.scorer_name).into(),
            score_cell(row.score),
            row.reason.as_deref().unwrap_or_default().into(),
            Cell::new(moment::ago(row.scored_at_ms, now), Paint::Dim),
            Cell::new(&row.score_id, Paint::Dim),
        ]);
    }
    table
}

fn score_cell(score: f64) -> Cell {
    let (bad, good) = BAD_AND_GOOD;
    let paint = match score {
        score if score < bad => Paint::Red,
        score if score < good => Paint::Yellow,
        _ => Paint::Green,
    };
    Cell::new(format!("{score:.2}"), paint)
}

fn show(args: &ScoresArgs, score: &str, output: &Output) -> anyhow::Result<()> {
    let [run] = &args.runs[..] else {
        anyhow::bail!("--score shows a score of one run; name that run alone");
    };
    let params = json!({ "runId": run, "scoreId": score });
    let answer = args.connection.client()?.call("getScoreDetail", &params)?;
    let row: ScoreRow = read(&answer)?;
    output.print_table(&answer, || detail(&row, &answer))
}

fn detail(row: &ScoreRow, answer: &Value) -> Table {
    let mut table = Table::pairs();
    table.pair("run", &row.run_id);
    table.pair("node", name(&row.node_id, row.iteration));
    table.pair("attempt", row.attempt.to_string());
    table.pair("scorer", &row.scorer_name);
    table.pair("score", score_cell(row.score));
    let told = [
        ("reason", "reason"),
        ("input", "input"),
        ("output", "output"),
        ("ground truth", "groundTruth"),
        ("context", "context"),
        ("meta", "meta"),
    ];
    for (title, field) in told {
        match &answer[field] {
            Value::Null => {}
            Value::String(text) => table.pair(title, text),
            other => table.pair(title, other.to_string()),
        }
    }
    table
}
