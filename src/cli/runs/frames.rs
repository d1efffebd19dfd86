//! `smithers runs frames`: the renderings of a run.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use smithers_protocol::limits::{LIST_FRAMES_DEFAULT, LIST_MAX};

use super::row::read;
use crate::cli::client::Connection;
use crate::cli::moment;
use crate::cli::output::{Cell, Output, Paint, Table, note};

/// Characters of a hash that tell two frames apart for people.
const SHORT_HASH: usize = 12;

const EXAMPLES: &str = "\
Examples:
  smithers runs frames release-42
  smithers runs frames release-42 --after 40 --json --filter-output frameNo,xmlHash
  smithers runs frames release-42 --frame 3 --json";

/// What was typed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct FramesArgs {
    /// Id of the run.
    run: String,
    /// Only this frame, from 1.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["after", "limit"], value_parser = clap::value_parser!(u64).range(1..))]
    frame: Option<u64>,
    /// Only frames after this one.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// Most frames to list, the newest first.
    #[arg(long, default_value_t = LIST_FRAMES_DEFAULT as u64, value_parser = clap::value_parser!(u64).range(1..=LIST_MAX as u64))]
    limit: u64,
    #[command(flatten)]
    connection: Connection,
}

/// What the table shows of a frame.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameRow {
    frame_no: u64,
    created_at_ms: i64,
    xml_hash: String,
    mounted_task_ids_json: String,
    note: Option<String>,
}

pub(super) fn run(args: &FramesArgs, output: &Output) -> anyhow::Result<()> {
    let client = args.connection.client()?;
    let rows = match args.frame {
        Some(number) => {
            let params = json!({"runId": args.run, "frameNo": number});
            Value::Array(vec![client.call("frames.get", &params)?])
        }
        None => {
            let params =
                json!({"runId": args.run, "afterFrameNo": args.after, "limit": args.limit});
            client.call("frames.list", &params)?
        }
    };
    let frames: Vec<FrameRow> = read(&rows)?;
    if frames.is_empty() {
        note("no frames");
    }
    output.print_table(&rows, || table(&frames))
}

fn table(frames: &[FrameRow]) -> Table {
    let now = moment::now();
    let mut table = Table::new(["frame", "after", "tasks", "hash", "created"]);
    for frame in frames {
        let tasks: Vec<Value> =
            serde_json::from_str(&frame.mounted_task_ids_json).unwrap_or_default();
        let hash: String = frame.xml_hash.chars().take(SHORT_HASH).collect();
        table.row([
            frame.frame_no.to_string().into(),
            frame.note.as_deref().unwrap_or("start").into(),
            tasks.len().to_string().into(),
            Cell::new(hash, Paint::Dim),
            Cell::new(moment::ago(frame.created_at_ms, now), Paint::Dim),
        ]);
    }
    table
}
