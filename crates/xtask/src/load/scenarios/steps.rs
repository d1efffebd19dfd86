//! Workflows of ten computed steps, one at a time and fifty at once.

use anyhow::Result;
use serde_json::json;

use crate::load::drive::{Driver, Plan, Until};
use crate::load::samples::Samples;
use crate::load::stage::{Load, Stage};

/// Steps of each run.
const STEPS: u64 = 10;
/// Runs before the measured ones.
const WARM_UP: u64 = 20;

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let stage = Stage::start(load).await?;
    let mut driver = Driver::new(stage.connect(None).await?);
    let plan = |in_flight| Plan {
        workflow: "compute",
        input: json!({ "n": STEPS }),
        tasks: STEPS,
        in_flight,
    };
    driver.drive(&plan(10), Until::Runs(WARM_UP)).await?;
    let meter = stage.meter()?;
    for in_flight in [1, 50] {
        let cpu = meter.cpu()?;
        let driven = driver
            .drive(&plan(in_flight), Until::Over(load.time))
            .await?;
        let key = format!("steps.{in_flight}");
        let rate = driven.rate() * STEPS as f64;
        samples.add(format!("{key}.rate"), rate, "steps/s");
        samples.add_times(&key, &driven.times);
        samples.add_cpu(&key, meter.cpu()? - cpu, driven.runs * STEPS);
    }
    Ok(())
}
