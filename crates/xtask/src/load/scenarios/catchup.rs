//! One reader of a run of ten thousand events: while the gateway has just made them, and after a restart.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::load::drive::{Driver, Plan, Until};
use crate::load::follow::Follower;
use crate::load::samples::{Samples, millis};
use crate::load::stage::{Load, Stage};

/// Tasks of the run: three events each, and one at the end.
const TASKS: u64 = 3_333;
/// Readers one after the other, of which the median is taken.
const READERS: usize = 9;
/// Restarts, each with one reader.
const RESTARTS: usize = 3;
/// The run.
const RUN: &str = "load-1";

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let mut stage = Stage::start(load).await?;
    let plan = Plan {
        workflow: "wide",
        input: json!({ "n": TASKS }),
        tasks: TASKS,
        in_flight: 1,
    };
    let mut driver = Driver::new(stage.connect(None).await?);
    driver.drive(&plan, Until::Runs(1)).await?;
    drop(driver);
    let meter = stage.meter()?;
    let cpu = meter.cpu()?;
    let (mut warm, mut events) = (Vec::new(), 0);
    for _ in 0..READERS {
        let (time, read) = read(&stage).await?;
        warm.push(time);
        events = read;
    }
    samples.add_cpu("catchup", meter.cpu()? - cpu, events * READERS as u64);
    let mut after = Vec::new();
    for _ in 0..RESTARTS {
        stage = stage.restart().await?;
        after.push(read(&stage).await?.0);
    }
    samples.add("catchup.events", events as f64, "events");
    samples.add("catchup.warm", median(warm), "ms");
    samples.add("catchup.restarted", median(after), "ms");
    Ok(())
}

/// Reads the run to its end; returns how long that took and how many events there were.
async fn read(stage: &Stage) -> Result<(Duration, u64)> {
    let begun = Instant::now();
    let mut reader = Follower::start(stage.address(), &[RUN.to_owned()]).await?;
    let events = reader.until("run.completed").await?;
    Ok((begun.elapsed(), events))
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    millis(times[times.len() / 2])
}
