//! Short runs of three static tasks: many in flight for the rate, one in flight for the time of each.

use anyhow::Result;
use serde_json::json;

use crate::load::drive::{Driver, Plan, Until};
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage};

/// Tasks of each run.
const TASKS: u64 = 3;
/// Runs before the measured ones.
const WARM_UP: u64 = 50;

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let stage = Stage::start(load).await?;
    let mut driver = Driver::new(stage.connect(None).await?);
    let plan = |in_flight| Plan {
        workflow: "chain",
        input: json!({ "n": TASKS }),
        tasks: TASKS,
        in_flight,
    };
    driver.drive(&plan(10), Until::Runs(WARM_UP)).await?;
    let meter = stage.meter()?;
    for in_flight in [50, 1] {
        let cpu = meter.cpu()?;
        let driven = driver
            .drive(&plan(in_flight), Until::Over(load.time))
            .await?;
        let key = format!("runs.{in_flight}");
        samples.add(format!("{key}.rate"), driven.rate(), "runs/s");
        samples.add_times(&key, &driven.times);
        samples.add_cpu(&key, meter.cpu()? - cpu, driven.runs);
    }
    samples.add("runs.rss", meter.peak_mib()?, "MiB");
    Ok(())
}
