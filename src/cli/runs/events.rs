//! `smithers runs events`: the events of a run, one a line.

use clap::Args;
use serde_json::{Value, json};

use super::follow::{Item, Until, follow};
use crate::cli::client::Connection;
use crate::cli::output::{Output, note};

const EXAMPLES: &str = "\
Examples:
  smithers runs events release-42
  smithers runs events release-42 --follow
  smithers runs events release-42 --follow --after-seq 120 --format jsonl";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct EventsArgs {
    /// Id of the run.
    run: String,
    /// Go on with live events until the run ends, through lost connections too.
    #[arg(long, short)]
    follow: bool,
    /// Begin after the event with this number.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after_seq: u64,
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(args: &EventsArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let until = match args.follow {
        true => Until::Ended,
        false => Until::Now,
    };
    follow(&client, &args.run, args.after_seq, until, |item| {
        print(item, output)
    })?;
    Ok(())
}

/// Prints an item: a line for people, a JSON value a line for programs, which hear of gaps in the same way.
pub(super) fn print(item: &Item<'_>, output: &Output) -> anyhow::Result<()> {
    match item {
        Item::Event { seq, name, payload } => {
            let item = json!({"seq": seq, "event": name, "payload": payload});
            output.print_item(&item, || lines(*seq, name, payload))
        }
        Item::Gap { from, to, snapshot } => {
            let status = snapshot["status"].as_str().unwrap_or("unknown");
            note(&format!(
                "note: events {from} to {to} are no longer kept; the run is {status}"
            ));
            let item = json!({"event": "run.gap_resync", "fromSeq": from, "toSeq": to, "snapshot": snapshot});
            output.print_item(&item, || {
                vec![format!(
                    "{from:>6}  {:<24} up to {to}, no longer kept",
                    "(gap)"
                )]
            })
        }
    }
}

/// An event for people: one line, or as many as a task wrote.
fn lines(seq: u64, name: &str, payload: &Value) -> Vec<String> {
    match name {
        "task.output" => written(seq, payload),
        _ => vec![line(seq, name, payload)],
    }
}

fn line(seq: u64, name: &str, payload: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let subject = payload["nodeId"].as_str().or(payload["status"].as_str());
    let detail = match name {
        "node.retrying" => format!("attempt {}", payload["attempt"]),
        "approval.decided" if payload["approved"] == true => "approved".into(),
        "approval.decided" => "denied".into(),
        "run.completed" if payload["nextRunId"].is_string() => {
            format!("goes on as {}", text(&payload["nextRunId"]))
        }
        "approval.voted" => voted(payload),
        "approval.auto_approved" => "approved without a person".into(),
        _ => text(&payload["error"]["message"]),
    };
    let subject = subject.unwrap_or_default();
    let line = format!("{seq:>6}  {name:<24} {subject}  {}", detail.trim_end());
    line.trim_end().to_owned()
}

/// Who said what, and how many have said yes.
fn voted(payload: &Value) -> String {
    let said = if payload["approved"] == true {
        "yes"
    } else {
        "no"
    };
    let voter = payload["decidedBy"].as_str().unwrap_or("somebody");
    let (yes, required) = (&payload["approvals"], &payload["requiredApprovals"]);
    format!("{voter} said {said}, {yes} of {required}")
}

/// What a task wrote, line by line behind who wrote it; a number stands only before the first line.
fn written(seq: u64, payload: &Value) -> Vec<String> {
    let field = |name: &str| payload[name].as_str().unwrap_or_default();
    let (node, stream, text) = (field("nodeId"), field("stream"), field("output"));
    let mark = if stream == "stderr" { "!" } else { "|" };
    let lines = text.trim_matches('\n').split('\n').enumerate();
    let lines = lines.map(|(index, line)| match index {
        0 => format!("{seq:>6}  {:<24} {node} {mark} {line}", "task.output"),
        _ => format!("{:>6}  {:<24} {node} {mark} {line}", "", ""),
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_number_event_subject_and_detail() {
        let failed = json!({"runId": "r", "nodeId": "build", "error": {"message": "boom"}});
        assert_eq!(
            line(7, "node.failed", &failed),
            "     7  node.failed              build  boom"
        );
        let completed = json!({"runId": "r", "status": "finished"});
        assert_eq!(
            line(12, "run.completed", &completed),
            "    12  run.completed            finished"
        );
        let continued = json!({"runId": "r", "status": "continued", "nextRunId": "r:next:2"});
        assert!(line(9, "run.completed", &continued).ends_with("continued  goes on as r:next:2"));
        let decided = json!({"runId": "r", "nodeId": "gate", "approved": false});
        assert!(line(3, "approval.decided", &decided).ends_with("gate  denied"));
        let voted = json!({"nodeId": "gate", "approved": true, "decidedBy": "user:ann", "approvals": 1, "requiredApprovals": 2});
        assert!(line(4, "approval.voted", &voted).ends_with("gate  user:ann said yes, 1 of 2"));
    }

    #[test]
    fn what_a_task_wrote_is_shown_line_by_line_behind_its_name() {
        let written = json!({"nodeId": "build", "output": "one\n  two\n", "stream": "stderr"});
        assert_eq!(
            lines(7, "task.output", &written),
            [
                "     7  task.output              build ! one",
                "                                 build !   two",
            ]
        );
    }
}
