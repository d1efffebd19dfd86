//! Chains: one task after the other, static or computed.

use anyhow::Result;
use serde_json::json;

use crate::load::drive::{Driver, Plan, Until};
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage};

/// The workflows and the words for them.
const KINDS: [(&str, &str); 2] = [("chain", "static"), ("compute", "compute")];
/// Lengths of the chains.
const LENGTHS: [u64; 3] = [10, 100, 1_000];
/// Runs of the longest chain; the shorter ones run for as long as rates are measured.
const LONG_RUNS: u64 = 2;

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    for (workflow, word) in KINDS {
        for length in LENGTHS {
            one(
                load,
                samples,
                workflow,
                &format!("chain.{word}.{length}"),
                length,
            )
            .await?;
        }
    }
    Ok(())
}

async fn one(
    load: &Load,
    samples: &mut Samples,
    workflow: &'static str,
    key: &str,
    length: u64,
) -> Result<()> {
    let stage = Stage::start(load).await?;
    let mut driver = Driver::new(stage.connect(None).await?);
    let plan = |length: u64| Plan {
        workflow,
        input: json!({ "n": length }),
        tasks: length,
        in_flight: 1,
    };
    driver.drive(&plan(10), Until::Runs(5)).await?;
    let until = match length {
        1_000 => Until::Runs(LONG_RUNS),
        _ => Until::Over(load.time),
    };
    let meter = stage.meter()?;
    let (cpu, bytes) = (meter.cpu()?, stage.database_bytes()?);
    let driven = driver.drive(&plan(length), until).await?;
    let tasks = driven.runs * length;
    let grown = stage.database_bytes()?.saturating_sub(bytes);
    let wall = driven.wall.as_secs_f64() / driven.runs as f64;
    samples.add(
        format!("{key}.rate"),
        driven.rate() * length as f64,
        "tasks/s",
    );
    samples.add(format!("{key}.wall"), wall, "s");
    samples.add_cpu(key, meter.cpu()? - cpu, tasks);
    let mib = grown as f64 / driven.runs as f64 / 1e6;
    samples.add(format!("{key}.growth"), mib, "MB a run");
    samples.add(format!("{key}.rss"), meter.peak_mib()?, "MiB");
    Ok(())
}
