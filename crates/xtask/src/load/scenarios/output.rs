//! Tasks that talk like agents: fifty at a time, each two hundred short lines a second, with one reader.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::follow::Follower;
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage};

/// Tasks that talk at the same time.
const TASKS: u64 = 50;
/// Lines of each task in a second.
const LINES_PER_SECOND: u64 = 200;
/// The run.
const RUN: &str = "talking";

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let stage = Stage::start(load).await?;
    let lines = load.time.as_secs().max(1) * LINES_PER_SECOND;
    let input = json!({ "n": TASKS, "lines": lines, "ms": 1_000 / LINES_PER_SECOND });
    stage.launch("talk", RUN, input).await?;
    let mut reader = Follower::start(stage.address(), &[RUN.to_owned()]).await?;
    reader.until("approval.requested").await?;
    let meter = stage.meter()?;
    let (begun, cpu, bytes) = (Instant::now(), meter.cpu()?, stage.database_bytes()?);
    stage.approve(RUN).await?;
    let events = reader.until("run.completed").await?;
    let (wall, cpu) = (begun.elapsed(), meter.cpu()? - cpu);
    let (written, read) = (TASKS * lines, reader.lines());
    ensure!(read == written, "{read} of {written} lines were read");
    let rate = written as f64 / wall.as_secs_f64();
    samples.add("output.rate", rate, "lines/s");
    samples.add_cpu("output", cpu, written);
    samples.add("output.events", events as f64, "events");
    let delays = reader.take_delays().into_iter();
    let delays: Vec<Duration> = delays
        .map(|delay| Duration::from_millis(delay.into()))
        .collect();
    samples.add_times("output.delay", &delays);
    let grown = stage.database_bytes()?.saturating_sub(bytes);
    samples.add("output.growth", grown as f64 / 1e6, "MB");
    samples.add("output.rss", meter.peak_mib()?, "MiB");
    Ok(())
}
