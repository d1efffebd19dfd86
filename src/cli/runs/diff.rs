//! `smithers runs diff`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::Connection;
use crate::cli::output::Output;

const EXAMPLES: &str = "\
Examples:
  smithers runs diff release-42 release-42-b
  smithers runs diff release-42 release-42 --left-frame 3 --right-frame 7
  smithers runs diff release-42 release-43 --json --filter-output outputsChanged";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DiffArgs {
    /// Id of the run on the left.
    left: String,
    /// Id of the run on the right.
    right: String,
    /// Look at the left run as it was at this frame.
    #[arg(long, value_name = "NUMBER")]
    left_frame: Option<u32>,
    /// Look at the right run as it was at this frame.
    #[arg(long, value_name = "NUMBER")]
    right_frame: Option<u32>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &DiffArgs, output: &Output) -> anyhow::Result<()> {
    let params = json!({
        "leftRunId": args.left,
        "rightRunId": args.right,
        "leftFrameNo": args.left_frame,
        "rightFrameNo": args.right_frame,
    });
    let answer = args.connection.client()?.call("runs.diff", &params)?;
    output.print_text(&answer, || shown(&answer))
}

/// A line for each difference: `-` only left, `+` only right, `~` changed.
fn shown(answer: &Value) -> String {
    let mut lines = Vec::new();
    for (what, name) in [("nodes", "node"), ("outputs", "output"), ("ralph", "loop")] {
        for (list, sign) in [("Removed", '-'), ("Added", '+')] {
            let keys = answer[format!("{what}{list}")]
                .as_array()
                .into_iter()
                .flatten();
            lines.extend(keys.map(|key| format!("{sign} {name} {}", text(key))));
        }
        let changed = answer[format!("{what}Changed")]
            .as_array()
            .into_iter()
            .flatten();
        for change in changed {
            let key = text(&change["key"]);
            let (from, to) = (&change["from"], &change["to"]);
            match (from.as_array(), to.as_array()) {
                (Some(from), Some(to)) => {
                    lines.push(format!("~ {name} {key}"));
                    lines.extend(only_in(from, to).map(|row| format!("  - {row}")));
                    lines.extend(only_in(to, from).map(|row| format!("  + {row}")));
                }
                _ => lines.push(format!("~ {name} {key}: {} -> {}", text(from), text(to))),
            }
        }
    }
    if answer["inputChanged"] == true {
        lines.push("~ input".into());
    }
    match lines.is_empty() {
        true => "no difference".into(),
        false => lines.join("\n"),
    }
}

/// The rows that `other` does not have, whatever their runs and places.
fn only_in<'a>(rows: &'a [Value], other: &'a [Value]) -> impl Iterator<Item = Value> + 'a {
    let own = |row: &Value| {
        let mut row = row.clone();
        if let Some(fields) = row.as_object_mut() {
            fields.retain(|name, _| name != "runId" && name != "__smithersProvenanceSeq");
        }
        row
    };
    let known: Vec<Value> = other.iter().map(own).collect();
    let rows = rows.iter().map(own);
    rows.filter(move |row| !known.contains(row))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_a_line_each() {
        let answer = json!({
            "nodesAdded": ["b::0"], "nodesRemoved": [],
            "nodesChanged": [{"key": "a::0", "from": "failed", "to": "finished"}],
            "outputsAdded": [], "outputsRemoved": ["step"],
            "outputsChanged": [{"key": "sum", "from": [
                {"runId": "r", "nodeId": "c", "n": 1, "__smithersProvenanceSeq": 0},
                {"runId": "r", "nodeId": "d", "n": 5, "__smithersProvenanceSeq": 1},
            ], "to": [
                {"runId": "s", "nodeId": "d", "n": 5, "__smithersProvenanceSeq": 0},
            ]}],
            "ralphAdded": [], "ralphRemoved": [], "ralphChanged": [],
            "inputChanged": true, "vcsPointerChanged": false,
        });
        let expected = "+ node b::0\n~ node a::0: failed -> finished\n- output step\n\
                        ~ output sum\n  - {\"nodeId\":\"c\",\"n\":1}\n~ input";
        assert_eq!(shown(&answer), expected);
        assert_eq!(shown(&json!({})), "no difference");
    }
}
