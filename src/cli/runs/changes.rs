//! `smithers runs changes`: which files a run, or a task of it, has changed in its worktrees.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::row::read;
use crate::cli::client::Connection;
use crate::cli::output::{Cell, Output, Paint, Table, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs changes release-42
  smithers runs changes release-42 write-docs --stat
  smithers runs changes release-42 write-docs --iteration 2 > docs.patch";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ChangesArgs {
    /// Id of a run that has ended, unless a node is named.
    run: String,
    /// Only what the newest attempt of this node has changed.
    node: Option<String>,
    /// Pass of the loop around the node, from 0.
    #[arg(long, value_name = "NUMBER", requires = "node", default_value_t = 0)]
    iteration: u32,
    /// Show the files with numbers of lines instead of the patch.
    #[arg(long)]
    stat: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bundle {
    patches: Vec<Patch>,
}

/// How a file has changed.
#[derive(Debug, Deserialize)]
struct Patch {
    path: String,
    operation: String,
    diff: String,
}

pub(super) fn run(args: &ChangesArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let answer = match &args.node {
        None => client.call("getRunDiff", &json!({ "runId": args.run }))?,
        Some(node) => {
            let params = json!({ "runId": args.run, "nodeId": node, "iteration": args.iteration });
            client.call("getNodeDiff", &params)?
        }
    };
    if answer["status"] == "oversized" {
        return output.print_text(&answer, || too_large(&answer));
    }
    let Bundle { patches } = read(&answer)?;
    if patches.is_empty() {
        note("no changes");
    }
    match args.stat {
        true => output.print_table(&answer, || table(&patches)),
        false => output.print_text(&answer, || {
            let diffs: Vec<&str> = patches.iter().map(|patch| patch.diff.as_str()).collect();
            diffs.concat().trim_end().to_owned()
        }),
    }
}

/// What to do when an answer cannot hold all changes.
fn too_large(answer: &Value) -> String {
    let [base, end] = ["baseRef", "terminalRef"].map(|name| answer[name].as_str().unwrap_or("?"));
    let bytes = &answer["sizeBytes"];
    format!("the changes take {bytes} bytes; look at them with `git diff {base} {end}`")
}

fn table(patches: &[Patch]) -> Table {
    let mut table = Table::new(["file", "change", "added", "removed"]);
    for patch in patches {
        let paint = match patch.operation.as_str() {
            "add" => Paint::Green,
            "delete" => Paint::Red,
            _ => Paint::Yellow,
        };
        table.row([
            (&patch.path).into(),
            Cell::new(&patch.operation, paint),
            lines(&patch.diff, '+').into(),
            lines(&patch.diff, '-').into(),
        ]);
    }
    table
}

/// Counts the lines of a patch that begin with `sign`, after its head.
fn lines(diff: &str, sign: char) -> String {
    let body = diff.lines().skip_while(|line| !line.starts_with("@@"));
    body.filter(|line| line.starts_with(sign))
        .count()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_head_do_not_count() {
        let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n one\n-two\n+2\n+3\n";
        assert_eq!(
            (lines(diff, '+'), lines(diff, '-')),
            ("2".into(), "1".into())
        );
        assert_eq!(lines("Binary files a/x and b/x differ\n", '+'), "0");
    }
}
