//! A hundred thousand runs that wait for their timers: what a start of the gateway costs, and how late timers fire.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::load::client::{Client, answer};
use crate::load::frame::Frame;
use crate::load::meter::Meter;
use crate::load::samples::{Samples, millis};
use crate::load::stage::{Load, prepare, start_to_health};

/// Runs that wait for longer than anybody measures.
const PARKED: u64 = 100_000;
/// Their time.
const LONG_MS: u64 = 7 * 24 * 3_600_000;
/// Runs whose timers fire while it is measured.
const NEXT: u64 = 200;
/// From the launch of the first of them until its timer: the gateway is stopped and started meanwhile.
const FIRST_MS: u64 = 15_000;
/// Between their timers.
const APART_MS: u64 = 10;
/// Launches that are under way at the same time.
const LAUNCHES: u64 = 64;
/// Time after which a gateway that nobody asks is at rest.
const REST: Duration = Duration::from_millis(1_000);
/// Longest wait for runs to get where they should.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let scratch = prepare(load, "tests/fixtures/load/gateway.tsx")?;
    let (gateway, _) = start_to_health(&load.binary, &scratch).await?;
    let begun = Instant::now();
    let mut client = Client::connect(gateway.address(), Some(&["nobody"])).await?;
    launch(&mut client, "nap", PARKED, |_| LONG_MS).await?;
    let asleep = "SELECT count(*) FROM _smithers_waits";
    wait_for(&scratch.database(), asleep, PARKED).await?;
    let rate = PARKED as f64 / begun.elapsed().as_secs_f64();
    samples.add("parked.rate", rate, "runs/s");
    launch(&mut client, "next", NEXT, |n| FIRST_MS + n * APART_MS).await?;
    wait_for(&scratch.database(), asleep, PARKED + NEXT).await?;
    gateway.stop().await?;

    let (gateway, start) = start_to_health(&load.binary, &scratch).await?;
    tokio::time::sleep(REST).await;
    let process = gateway.process_id().unwrap_or_default();
    samples.add("parked.start", millis(start), "ms");
    samples.add("parked.rss", Meter::of(process).rss_mib()?, "MiB");
    wait_for(&scratch.database(), asleep, PARKED).await?;
    samples.add_times("parked.late", &lateness(&scratch.database())?);
    gateway.stop().await?;
    Ok(())
}

/// Launches `count` runs that wait for as many milliseconds as `time` says of each.
async fn launch(
    client: &mut Client,
    name: &str,
    count: u64,
    time: impl Fn(u64) -> u64,
) -> Result<()> {
    let (mut asked, mut answered) = (0, 0);
    while answered < count {
        while asked < count && asked - answered < LAUNCHES {
            let run = format!("{name}-{asked}");
            let params = json!({ "workflow": "nap", "input": { "ms": time(asked) },
                "options": { "runId": run } });
            client.ask(&run, "launchRun", &params).await?;
            asked += 1;
        }
        if let (Frame::Response, text) = client.next().await? {
            answer(text)?;
            answered += 1;
        }
    }
    Ok(())
}

/// Waits until the database answers `query` with `wanted`.
async fn wait_for(database: &Path, query: &str, wanted: u64) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found: u64 = open(database)?.query_row(query, [], |row| row.get(0))?;
        if found == wanted {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{found} of {wanted} runs wait");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How late the timers fired, as their events tell.
fn lateness(database: &Path) -> Result<Vec<Duration>> {
    let database = open(database)?;
    let mut query = database.prepare(
        "SELECT json_extract(payload_json, '$.delayMs') FROM _smithers_events WHERE type = 'TimerFired'",
    )?;
    let delays: Vec<u64> = query
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ensure!(
        delays.len() as u64 == NEXT,
        "{} of {NEXT} timers fired",
        delays.len()
    );
    Ok(delays.into_iter().map(Duration::from_millis).collect())
}

fn open(database: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )?)
}
