//! Reads over HTTP at eight kept connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use crate::load::drive::{Driver, Plan, Until};
use crate::load::http::Connection;
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage, call_request, health_request};

/// Connections that ask at the same time.
const CONNECTIONS: usize = 8;
/// Runs that are stored.
const STORED: u64 = 500;

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let stage = Stage::start(load).await?;
    let mut driver = Driver::new(stage.connect(None).await?);
    let plan = Plan {
        workflow: "chain",
        input: json!({ "n": 3 }),
        tasks: 3,
        in_flight: 16,
    };
    driver.drive(&plan, Until::Runs(STORED)).await?;
    drop(driver);
    let list = json!({ "filter": { "limit": 50 } });
    let requests = [
        (
            "getRun",
            call_request("getRun", &json!({ "runId": "load-7" })),
        ),
        ("listRuns", call_request("listRuns", &list)),
        ("health", health_request()),
    ];
    for (name, request) in requests {
        let request: Arc<[u8]> = request.into();
        ask(&stage, &request, load.time / 10).await?;
        let meter = stage.meter()?;
        let cpu = meter.cpu()?;
        let begun = Instant::now();
        let times = ask(&stage, &request, load.time).await?;
        let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
        let key = format!("rpc.{name}");
        samples.add(format!("{key}.rate"), rate, "requests/s");
        samples.add_times(&key, &times);
        samples.add_cpu(&key, meter.cpu()? - cpu, times.len() as u64);
    }
    Ok(())
}

/// Asks for `time` on all connections; returns how long each answer took.
async fn ask(stage: &Stage, request: &Arc<[u8]>, time: Duration) -> Result<Vec<Duration>> {
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, request) = (stage.address().to_owned(), request.clone());
        clients.spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let (end, mut times) = (Instant::now() + time, Vec::new());
            while Instant::now() < end {
                let begun = Instant::now();
                let body = connection.exchange(&request).await?;
                ensure!(body.starts_with(b"{"), "an answer that is no object");
                times.push(begun.elapsed());
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(of_one) = clients.join_next().await {
        times.extend(of_one??);
    }
    Ok(times)
}
