//! A reader of the streams of some runs: every event is counted, and no number of a run may be missing.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::client::Client;
use super::frame::{Frame, RunEvent};

/// The end of a line in the JSON of a frame.
const LINE_END: &str = "\\n";

/// A reader and how far it has come.
#[derive(Debug)]
pub(crate) struct Follower {
    client: Client,
    /// Number of the last event of each run.
    last: HashMap<String, u64>,
    /// Lines that tasks have written.
    lines: u64,
    /// Milliseconds from an event to its arrival here, for those that carry their time.
    delays: Vec<u16>,
}

impl Follower {
    /// Connects, and reads each of `runs` from its beginning.
    pub(crate) async fn start(address: &str, runs: &[String]) -> Result<Self> {
        let subscribed: Vec<&str> = runs.iter().map(String::as_str).collect();
        let mut client = Client::connect(address, Some(&subscribed)).await?;
        for run in runs {
            let params = json!({ "runId": run, "afterSeq": 0 });
            client.request("streamRunEvents", params).await?;
        }
        Ok(Self {
            client,
            last: runs.iter().map(|run| (run.clone(), 0)).collect(),
            lines: 0,
            delays: Vec::new(),
        })
    }

    /// Reads until every run has had an event called `name`; returns how many events were read.
    ///
    /// # Errors
    /// Fails when a number is missing, or a run ends first.
    pub(crate) async fn until(&mut self, name: &str) -> Result<u64> {
        let (mut left, mut read) = (self.last.len(), 0);
        while left > 0 {
            let (frame, text) = self.client.next().await?;
            let Frame::Event(event) = frame else {
                continue;
            };
            let last = self.last.get_mut(event.run);
            let last = last.with_context(|| format!("an event of {}", event.run))?;
            if event.seq.is_none() && *last == 0 {
                // Told to the socket before it had its stream, which tells of it again.
                continue;
            }
            ensure!(
                event.seq == Some(*last + 1),
                "event {:?} of {} came after {last}",
                event.seq,
                event.run,
            );
            *last += 1;
            read += 1;
            self.delays.extend(delay(&event));
            if event.name == "task.output" {
                self.lines += text.matches(LINE_END).count() as u64;
            }
            if event.name == name {
                left -= 1;
            } else {
                let is_end = matches!(event.name, "run.completed" | "run.failed" | "run.cancelled");
                ensure!(!is_end, "{} of {} before {name}", event.name, event.run);
            }
        }
        Ok(read)
    }

    /// Returns how many events of all runs were read.
    pub(crate) fn total(&self) -> u64 {
        self.last.values().sum()
    }

    /// Returns how many lines of tasks were read.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Takes the delays that were seen.
    pub(crate) fn take_delays(&mut self) -> Vec<u16> {
        std::mem::take(&mut self.delays)
    }
}

/// How long ago the event happened, by the clock that we share with the gateway.
fn delay(event: &RunEvent<'_>) -> Option<u16> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let ago = u64::try_from(now.as_millis()).ok()?;
    let ago = ago.saturating_sub(event.emitted_at_ms?);
    Some(u16::try_from(ago).unwrap_or(u16::MAX))
}
