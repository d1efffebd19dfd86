//! Many readers of the same runs: bursts of events, and events that come one at a time.
//!
//! Every reader has a socket of its own with a stream for each run. What the same runs cost without readers is
//! measured too and taken off, so that the figure for a frame is that of the fan-out alone.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::load::follow::Follower;
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage};

/// Readers and runs of the bursts: about the same number of frames each.
const BURSTS: [(usize, usize); 3] = [(100, 30), (500, 6), (2_000, 2)];
/// Tasks of each run that bursts.
const BURST_TASKS: u64 = 60;
/// Readers of the events that come one at a time.
const DRIP_READERS: usize = 100;
/// Tasks that end one at a time.
const DRIP_TASKS: u64 = 100;
/// Milliseconds between two of them.
const DRIP_MS: u64 = 10;
/// Readers that connect at the same time.
const CONNECTING: usize = 32;

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    for (readers, runs) in BURSTS {
        let stage = Stage::start(load).await?;
        let input = json!({ "n": BURST_TASKS });
        let alone = watch(&stage, "burst", (0, runs), &input).await?;
        let seen = watch(&stage, "burst", (readers, runs), &input).await?;
        let key = format!("fanout.{readers}");
        let rate = seen.frames as f64 / seen.wall.as_secs_f64();
        samples.add(format!("{key}.rate"), rate, "frames/s");
        samples.add_cpu(&key, seen.cpu.saturating_sub(alone.cpu), seen.frames);
        samples.add(format!("{key}.frames"), seen.frames as f64, "frames");
        samples.add(format!("{key}.rss"), stage.meter()?.peak_mib()?, "MiB");
    }
    let stage = Stage::start(load).await?;
    let input = json!({ "n": DRIP_TASKS, "ms": DRIP_MS });
    let alone = watch(&stage, "drip", (0, 1), &input).await?;
    let seen = watch(&stage, "drip", (DRIP_READERS, 1), &input).await?;
    let cpu = seen.cpu.saturating_sub(alone.cpu);
    samples.add_cpu("fanout.single", cpu, seen.frames);
    samples.add_times("fanout.single.delay", &seen.delays);
    Ok(())
}

/// What the readers saw after the approvals.
#[derive(Default)]
struct Seen {
    frames: u64,
    wall: Duration,
    cpu: Duration,
    delays: Vec<Duration>,
}

/// Launches runs that wait, lets the readers come, and approves all runs.
async fn watch(
    stage: &Stage,
    workflow: &str,
    (readers, runs): (usize, usize),
    input: &Value,
) -> Result<Seen> {
    let runs: Vec<String> = (0..runs).map(|at| format!("{readers}-{at}")).collect();
    for run in &runs {
        stage.launch(workflow, run, input.clone()).await?;
    }
    // One more reader tells when it is over, also where there are no others.
    let mut witness = follow(stage, &runs).await?;
    let followers = connect(stage, &runs, readers).await?;
    let meter = stage.meter()?;
    let (begun, cpu) = (Instant::now(), meter.cpu()?);
    let mut reading = JoinSet::new();
    for mut follower in followers {
        reading.spawn(async move {
            let frames = follower.until("run.completed").await?;
            anyhow::Ok((frames, follower))
        });
    }
    for run in &runs {
        stage.approve(run).await?;
    }
    let mut seen = Seen {
        frames: witness.until("run.completed").await?,
        ..Seen::default()
    };
    // The readers stay connected until all have read everything.
    let mut done = Vec::with_capacity(readers);
    while let Some(read) = reading.join_next().await {
        let (frames, mut follower) = read??;
        ensure!(
            follower.total() == witness.total(),
            "readers saw different numbers of events"
        );
        let delays = follower.take_delays().into_iter();
        let delays = delays.map(|delay| Duration::from_millis(delay.into()));
        seen.delays.extend(delays);
        seen.frames += frames;
        done.push(follower);
    }
    seen.wall = begun.elapsed();
    seen.cpu = meter.cpu()? - cpu;
    Ok(seen)
}

/// Connects the readers and lets each read what there is up to the approvals.
async fn connect(stage: &Stage, runs: &[String], readers: usize) -> Result<Vec<Follower>> {
    let mut followers = Vec::with_capacity(readers);
    while followers.len() < readers {
        let mut connecting = JoinSet::new();
        for _ in followers.len()..readers.min(followers.len() + CONNECTING) {
            let (address, runs) = (stage.address().to_owned(), runs.to_vec());
            connecting.spawn(async move {
                let mut follower = Follower::start(&address, &runs).await?;
                follower.until("approval.requested").await?;
                anyhow::Ok(follower)
            });
        }
        while let Some(connected) = connecting.join_next().await {
            followers.push(connected?.context("a reader")?);
        }
    }
    Ok(followers)
}

async fn follow(stage: &Stage, runs: &[String]) -> Result<Follower> {
    let mut follower = Follower::start(stage.address(), runs).await?;
    follower.until("approval.requested").await?;
    Ok(follower)
}
