//! What a drill asks the gateway, and how the answers must be.

use anyhow::{bail, ensure};
use serde::Serialize;
use serde_json::json;
use smithers_store::ops::{LongestRun, Manifest};

use crate::cli::client::Client;

/// Runs asked for at a time.
const PAGE: usize = 500;
/// Most events that are read of the one run: the newest ones.
const MOST_EVENTS: u64 = 10_000;

/// What the gateway has shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    /// Runs that were listed, all that the manifest counts.
    pub(super) runs: u64,
    /// Events that were read of one run, without a gap.
    pub(super) events: u64,
}

/// Lists all runs and reads the events of the longest one.
pub(super) fn ask(
    client: &Client,
    manifest: &Manifest,
    longest: Option<&LongestRun>,
) -> anyhow::Result<Seen> {
    let runs = count_runs(client)?;
    let rows = |table: &str| manifest.contents.tables.get(table).copied().unwrap_or(0);
    // Nobody sees a run whose deletion has begun.
    let expected = rows("_smithers_runs") - rows("_smithers_run_deletions");
    ensure!(
        runs == expected,
        "the restored gateway lists {runs} runs, and the backup holds {expected}"
    );
    let events = match longest {
        Some(run) => read_events(client, run)?,
        None => 0,
    };
    Ok(Seen { runs, events })
}

fn count_runs(client: &Client) -> anyhow::Result<u64> {
    let mut listed = 0;
    loop {
        let filter = json!({"limit": PAGE, "offset": listed, "includeSystem": true});
        let page = client.call("listRuns", &json!({ "filter": filter }))?;
        match page.as_array().map(Vec::len) {
            Some(0) => return Ok(listed),
            Some(rows) => listed += rows as u64,
            None => bail!("the restored gateway lists no runs: {page}"),
        }
    }
}

/// Reads the newest events of a run up to its last one; every number must come, once and in order.
fn read_events(client: &Client, run: &LongestRun) -> anyhow::Result<u64> {
    let last = run.visible_events;
    let after = last.saturating_sub(MOST_EVENTS);
    let mut socket = client.open(&run.run_id)?;
    let params = json!({"runId": run.run_id, "afterSeq": after});
    let current = socket.call("streamRunEvents", &params)?["currentSeq"].as_u64();
    ensure!(
        current == Some(last),
        "run `{}` has {last} events in the backup, and the restored gateway is at {current:?}",
        run.run_id
    );
    let mut reached = after;
    while reached < last {
        let event = socket.event()?;
        if event.name != "run.event" {
            continue;
        }
        let seq = event.payload["seq"].as_u64();
        ensure!(
            seq == Some(reached + 1),
            "event {} of run `{}` is missing: {seq:?} came in its place",
            reached + 1,
            run.run_id
        );
        reached += 1;
    }
    Ok(last - after)
}
