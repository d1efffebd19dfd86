//! Sockets that are opened, and sockets that do nothing, on a gateway with finished runs in its database.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::task::JoinSet;

use crate::load::client::Client;
use crate::load::drive::{Driver, Plan, Until};
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage};

/// Runs that are stored.
const STORED: u64 = 500;
/// Clients that connect at the same time.
const CONNECTING: usize = 8;
/// Sockets at rest.
const SOCKETS: usize = 1_000;
/// Time in which they come to rest.
const REST: Duration = Duration::from_millis(500);

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let stage = Stage::start(load).await?;
    measure(load, samples, &stage, "idle.empty").await?;
    let plan = Plan {
        workflow: "chain",
        input: json!({ "n": 3 }),
        tasks: 3,
        in_flight: 16,
    };
    let mut driver = Driver::new(stage.connect(None).await?);
    driver.drive(&plan, Until::Runs(STORED)).await?;
    drop(driver);
    measure(load, samples, &stage, "idle.stored").await?;
    let meter = stage.meter()?;
    let before = meter.rss_mib()?;
    let mut sockets = Vec::with_capacity(SOCKETS);
    for _ in 0..SOCKETS {
        sockets.push(stage.connect(None).await?);
    }
    tokio::time::sleep(REST).await;
    let grown = (meter.rss_mib()? - before) * 1_024.0 / SOCKETS as f64;
    samples.add("idle.socket", grown, "KiB");
    Ok(())
}

async fn measure(load: &Load, samples: &mut Samples, stage: &Stage, key: &str) -> Result<()> {
    connect(stage, load.time / 10).await?;
    let meter = stage.meter()?;
    let cpu = meter.cpu()?;
    let begun = Instant::now();
    let times = connect(stage, load.time).await?;
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    samples.add(format!("{key}.rate"), rate, "connects/s");
    samples.add_times(key, &times);
    samples.add_cpu(key, meter.cpu()? - cpu, times.len() as u64);
    Ok(())
}

/// Connects and leaves for `time`; returns how long each took from the first byte to the greeting.
async fn connect(stage: &Stage, time: Duration) -> Result<Vec<Duration>> {
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTING {
        let address = stage.address().to_owned();
        clients.spawn(async move {
            let (end, mut times) = (Instant::now() + time, Vec::new());
            while Instant::now() < end {
                let begun = Instant::now();
                Client::connect(&address, None).await?;
                times.push(begun.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(of_one) = clients.join_next().await {
        times.extend(of_one??);
    }
    Ok(times)
}
