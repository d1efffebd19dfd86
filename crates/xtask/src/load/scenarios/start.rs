//! Cold start with the demo module, from the start of the process to an answer of `/health`, and memory at rest.

use std::time::Duration;

use anyhow::Result;

use crate::load::meter::Meter;
use crate::load::samples::{Samples, millis};
use crate::load::stage::{Load, prepare, start_to_health};

/// Starts of which the median is taken; the first one makes the database and is told apart.
const STARTS: usize = 7;
/// Time after which a gateway that nobody asks is at rest.
const REST: Duration = Duration::from_millis(1_000);

pub(super) async fn run(load: &Load, samples: &mut Samples) -> Result<()> {
    let scratch = prepare(load, "examples/demo/gateway.tsx")?;
    let (gateway, first) = start_to_health(&load.binary, &scratch).await?;
    gateway.stop().await?;
    let mut times = Vec::new();
    let mut at_rest = Vec::new();
    for _ in 0..STARTS {
        let (gateway, time) = start_to_health(&load.binary, &scratch).await?;
        times.push(millis(time));
        if times.len() == 1 {
            tokio::time::sleep(REST).await;
            let process = gateway.process_id().unwrap_or_default();
            at_rest.push(Meter::of(process).rss_mib()?);
        }
        gateway.stop().await?;
    }
    times.sort_by(f64::total_cmp);
    samples.add("start.first", millis(first), "ms");
    samples.add("start.again", times[STARTS / 2], "ms");
    samples.add("start.rss", at_rest[0], "MiB");
    Ok(())
}
