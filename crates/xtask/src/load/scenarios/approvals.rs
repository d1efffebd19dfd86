//! A hundred runs that wait for a person, decided sixteen at a time.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use crate::load::client::{Client, answer};
use crate::load::frame::Frame;
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage};

/// Runs that wait at the same time.
const WAITING: usize = 100;
/// Decisions that are under way at the same time.
const CONCURRENCY: usize = 16;
/// Launches that are under way at the same time.
const LAUNCHES: usize = 16;

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let stage = Stage::start(load).await?;
    let mut desk = Desk {
        client: stage.connect(None).await?,
        times: Vec::new(),
    };
    let warm_up = desk.launch(0).await?;
    desk.decide(warm_up).await?;
    desk.times.clear();
    let meter = stage.meter()?;
    let (mut deciding, mut decided, mut cpu) = (Duration::ZERO, 0_u64, Duration::ZERO);
    for round in 1.. {
        let runs = desk.launch(round).await?;
        let (begun, before) = (Instant::now(), meter.cpu()?);
        decided += runs.len() as u64;
        desk.decide(runs).await?;
        deciding += begun.elapsed();
        cpu += meter.cpu()? - before;
        if deciding >= load.time / 2 {
            break;
        }
    }
    let rate = decided as f64 / deciding.as_secs_f64();
    samples.add("approvals.rate", rate, "approvals/s");
    samples.add_times("approvals", &desk.times);
    samples.add_cpu("approvals", cpu, decided);
    Ok(())
}

/// Somebody who decides.
struct Desk {
    client: Client,
    /// From each decision to the end of its run.
    times: Vec<Duration>,
}

impl Desk {
    /// Launches runs and waits until all of them wait.
    async fn launch(&mut self, round: usize) -> Result<Vec<String>> {
        let mut left: Vec<String> = (0..WAITING)
            .map(|number| format!("gate-{round}-{number}"))
            .collect();
        let runs = left.clone();
        let mut waiting = HashSet::new();
        let mut under_way = 0;
        while waiting.len() < WAITING {
            while under_way < LAUNCHES
                && let Some(run) = left.pop()
            {
                let params =
                    json!({ "workflow": "gated", "input": {}, "options": { "runId": run } });
                self.client.ask(&run, "launchRun", &params).await?;
                under_way += 1;
            }
            let (frame, text) = self.client.next().await?;
            match frame {
                Frame::Response => {
                    answer(text)?;
                    under_way -= 1;
                }
                Frame::Event(event) if event.name == "approval.requested" => {
                    waiting.insert(event.run.to_owned());
                }
                Frame::Event(_) | Frame::Notice { .. } => {}
            }
        }
        Ok(runs)
    }

    /// Decides all of `runs` and waits for the end of each.
    async fn decide(&mut self, mut runs: Vec<String>) -> Result<()> {
        let mut since: HashMap<String, Instant> = HashMap::new();
        let mut under_way = 0;
        let mut left = runs.len();
        while left > 0 || under_way > 0 {
            while under_way < CONCURRENCY
                && let Some(run) = runs.pop()
            {
                let params =
                    json!({ "runId": run, "nodeId": "gate", "iteration": 0, "approved": true });
                since.insert(run.clone(), Instant::now());
                self.client.ask(&run, "submitApproval", &params).await?;
                under_way += 1;
            }
            let (frame, text) = self.client.next().await?;
            match frame {
                Frame::Response => {
                    answer(text)?;
                    under_way -= 1;
                }
                Frame::Event(event) if event.name == "run.completed" => {
                    let begun = since.remove(event.run);
                    let begun = begun.with_context(|| format!("{} was not decided", event.run))?;
                    self.times.push(begun.elapsed());
                    left -= 1;
                }
                Frame::Event(_) | Frame::Notice { .. } => {}
            }
        }
        Ok(())
    }
}
