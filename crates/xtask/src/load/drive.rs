//! Launches runs one after the other, so many in flight, and waits for the end of each on one socket.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::client::{Client, answer};
use super::frame::{Frame, RunEvent};

/// What is launched.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Which workflow.
    pub(crate) workflow: &'static str,
    /// With what.
    pub(crate) input: Value,
    /// Tasks that finish in each run.
    pub(crate) tasks: u64,
    /// Runs that are open at a time.
    pub(crate) in_flight: usize,
}

/// When no more runs are launched.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// After so many.
    Runs(u64),
    /// After so long.
    Over(Duration),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Driven {
    /// Runs that ended.
    pub(crate) runs: u64,
    /// From the first launch to the last end.
    pub(crate) wall: Duration,
    /// From each launch to its `run.completed`.
    pub(crate) times: Vec<Duration>,
}

impl Driven {
    /// Returns runs per second.
    pub(crate) fn rate(&self) -> f64 {
        self.runs as f64 / self.wall.as_secs_f64()
    }
}

/// A client that hears of every run, and what it knows of those that are open.
#[derive(Debug)]
pub(crate) struct Driver {
    client: Client,
    launched: u64,
    open: HashMap<String, Open>,
    times: Vec<Duration>,
}

#[derive(Debug)]
struct Open {
    since: Instant,
    finished: u64,
}

impl Driver {
    /// Takes a client that hears of every run.
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            launched: 0,
            open: HashMap::new(),
            times: Vec::new(),
        }
    }

    /// Launches runs until `until` and waits for the end of all of them.
    ///
    /// # Errors
    /// Fails when a run ends in another way than well, or with another number of finished tasks.
    pub(crate) async fn drive(&mut self, plan: &Plan, until: Until) -> Result<Driven> {
        let (begun, first) = (Instant::now(), self.launched);
        let has_more = |launched: u64| match until {
            Until::Runs(runs) => launched - first < runs,
            Until::Over(time) => begun.elapsed() < time,
        };
        loop {
            while self.open.len() < plan.in_flight && has_more(self.launched) {
                self.launch(plan).await?;
            }
            if self.open.is_empty() {
                break;
            }
            self.take(plan.tasks).await?;
        }
        Ok(Driven {
            runs: self.launched - first,
            wall: begun.elapsed(),
            times: std::mem::take(&mut self.times),
        })
    }

    async fn launch(&mut self, plan: &Plan) -> Result<()> {
        self.launched += 1;
        let run = format!("load-{}", self.launched);
        let params = json!({ "workflow": plan.workflow, "input": plan.input,
            "options": { "runId": run } });
        let since = Instant::now();
        self.client.ask(&run, "launchRun", &params).await?;
        self.open.insert(run, Open { since, finished: 0 });
        Ok(())
    }

    async fn take(&mut self, tasks: u64) -> Result<()> {
        let (frame, text) = self.client.next().await?;
        match frame {
            Frame::Event(event) => note(&mut self.open, &mut self.times, &event, tasks),
            Frame::Notice { .. } => Ok(()),
            Frame::Response => answer(text).map(drop),
        }
    }
}

fn note(
    open: &mut HashMap<String, Open>,
    times: &mut Vec<Duration>,
    event: &RunEvent<'_>,
    tasks: u64,
) -> Result<()> {
    let run = open
        .get_mut(event.run)
        .with_context(|| format!("{} of {}, which is not open", event.name, event.run))?;
    match event.name {
        "node.finished" => run.finished += 1,
        "run.completed" => {
            let finished = run.finished;
            ensure!(
                finished == tasks,
                "{finished} of {tasks} tasks of {} were told of",
                event.run
            );
            times.push(run.since.elapsed());
            open.remove(event.run);
        }
        "node.pending" | "node.started" => {}
        other => anyhow::bail!("{other} of {}", event.run),
    }
    Ok(())
}
